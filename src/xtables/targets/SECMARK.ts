import { CONTINUE, defineTarget, type Environment, option } from '../extension.ts';
import { Problem } from '../problem.ts';
import { flag, text } from '../values.ts';

/** The tables in which the kernel lets security marks be set. */
function inMarkingTable({ table }: Environment): boolean {
  return table === 'mangle' || table === 'security';
}

export const SECMARK = defineTarget({
  name: 'SECMARK',
  summary: 'gives the packet the mark of a security context',
  about:
    'No security module runs here that knows contexts, so no rule with it loads, as on a kernel without SELinux.',
  source: 'net/netfilter/xt_SECMARK.c secmark_tg_check',
  options: {
    selctx: option(
      { ...text(255), print: (value: string) => value },
      {
        required: true,
        help: 'The security context.',
      },
    ),
  },
  terminal: false,
  list: ({ selctx }) => ` SECMARK selctx ${selctx?.value ?? ''}`,
  check: (_values, environment) => (inMarkingTable(environment) ? 'ENOENT' : 'EINVAL'),
});

export const CONNSECMARK = defineTarget({
  name: 'CONNSECMARK',
  summary: 'copies the security mark between packet and connection',
  about:
    'Without a security module no packet and no connection has a security mark, so there is nothing to copy.',
  source: 'net/netfilter/xt_CONNSECMARK.c connsecmark_tg',
  options: {
    save: option(flag, { excludes: ['restore'], help: 'From the packet to its connection.' }),
    restore: option(flag, { excludes: ['save'], help: 'From the connection to the packet.' }),
  },
  terminal: false,
  settle(values) {
    if (!values.save && !values.restore) throw new Problem('CONNSECMARK target: parameter required');
    return values;
  },
  list: (values) => ` CONNSECMARK ${values.save ? 'save' : 'restore'}`,
  check: (_values, environment) => (inMarkingTable(environment) ? undefined : 'EINVAL'),
  create(_values, environment) {
    environment.onDestroy(environment.connections.acquire(environment.family));
    return () => CONTINUE;
  },
});
