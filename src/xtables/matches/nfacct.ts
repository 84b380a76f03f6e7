import { Accounts, LONGEST_NAME } from '../accounts.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { quote, text } from '../values.ts';

const any = text(Number.POSITIVE_INFINITY, 1, 'name');
/** What is too long for the kernel is cut without a word. */
const accountName: ValueType<string> = {
  ...any,
  examples: [['web']],
  parse: (given, context) => any.parse(given, context).slice(0, LONGEST_NAME),
};

export const nfacct = defineMatch({
  name: 'nfacct',
  summary: 'counts the packet in a named account',
  about:
    'An account is made by the command `nfacct`; several rules may share one. Every packet that gets as far as this match ' +
    'is counted, whether or not the rest of the rule fits. An account without quota always matches; one with a quota only ' +
    'once it is exceeded.',
  source: 'net/netfilter/xt_nfacct.c nfacct_mt; net/netfilter/nfnetlink_acct.c nfnl_acct_overquota',
  options: {
    'nfacct-name': option(accountName, { required: true, help: 'The account.' }),
  },
  // The real tool writes two blanks.
  save: ({ 'nfacct-name': name }) => (name ? ` --nfacct-name  ${quote(name.value)}` : ''),
  list: ({ 'nfacct-name': name }) => (name ? ` nfacct-name  ${quote(name.value)}` : ''),
  check({ 'nfacct-name': name }, environment) {
    return environment.shared(Accounts).find(name?.value ?? '') ? undefined : 'ENOENT';
  },
  tests({ 'nfacct-name': name }, environment) {
    const account = environment.shared(Accounts).find(name?.value ?? '');
    if (!account) return [];
    account.users++;
    environment.onDestroy(() => {
      account.users--;
    });
    return [
      {
        option: 'nfacct-name',
        run: (packet) => account.count(packet.end - packet.network),
        explain: () => `${account.name} has not exceeded its quota`,
      },
    ];
  },
});
