import { OUTPUT, POSTROUTING } from '../../netfilter/constants.ts';
import type { Sender } from '../../netfilter/packet.ts';
import {
  defineMatch,
  type Given,
  option,
  type ParseContext,
  type PrintContext,
  type Test,
  type ValueType,
} from '../extension.ts';
import type { Names } from '../names.ts';
import { Problem } from '../problem.ts';
import { flag, type Range, readPositive } from '../values.ts';

const bad = ({ option: name }: ParseContext, given: string) =>
  new Problem(`owner: Bad value for "--${name}" option: "${given}"`);

/** A name, a number, or two numbers with `-` or `:` between them; 2³²−1 is nobody's. */
function ids(find: (names: Names, name: string) => number | undefined): ValueType<Range> {
  return {
    syntax: 'name|number[-number]',
    argument: 'required',
    parse(given, context) {
      const named = find(context.names, given);
      if (named !== undefined) return { min: named, max: named };
      const low = readPositive(given);
      if (!low || low.value > 0xfffffffen) throw bad(context, given);
      const min = Number(low.value);
      if (low.rest === '') return { min, max: min };
      if (!/^[-:]/.test(low.rest)) throw bad(context, given);
      const high = readPositive(low.rest.slice(1));
      if (high?.rest !== '' || high.value > 0xfffffffen) throw bad(context, given);
      return { min, max: Number(high.value) };
    },
    print: ({ min, max }) => (min === max ? String(min) : `${min}-${max}`),
  };
}

const users = ids((names, name) => names.userId(name));
const groups = ids((names, name) => names.groupId(name));
const NO_SENDER = 'no local process sent it';

/** A packet that no process sent has no owner: only an inverted test fits it (net/netfilter/xt_owner.c owner_mt). */
function senderTest(
  name: string,
  { value, inverted }: Given<Range>,
  ids: (sender: Sender) => readonly number[],
): Test {
  return {
    option: name,
    run({ sender }) {
      if (!sender || sender.kernel) return inverted;
      return ids(sender).some((own) => own >= value.min && own <= value.max) !== inverted;
    },
    explain: ({ sender }) => (sender && !sender.kernel ? ids(sender).join(', ') : NO_SENDER),
  };
}

const withGroup: ValueType<true> = {
  ...flag,
  parse(_given, context) {
    if (context.has('gid-owner')) return true;
    throw new Problem('owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"');
  },
};

export const owner = defineMatch({
  name: 'owner',
  revision: 1,
  summary: 'user and group of the local process that sent the packet',
  about: 'Only in OUTPUT and POSTROUTING.',
  source: 'net/netfilter/xt_owner.c owner_mt',
  hooks: [OUTPUT, POSTROUTING],
  options: {
    'socket-exists': option(flag, {
      invert: true,
      help: 'A socket has sent it, of a process or of the kernel itself.',
    }),
    'uid-owner': option(users, { invert: true, help: 'User of the sending process, or a range of them.' }),
    'gid-owner': option(groups, { invert: true, help: 'Group of the sending process, or a range of them.' }),
    'suppl-groups': option(withGroup, { help: 'Supplementary groups of the process count as well.' }),
  },
  settle(values) {
    if (!values['gid-owner'] && !values['uid-owner'] && !values['socket-exists']) {
      throw new Problem('owner: At least one of --uid-owner, --gid-owner or --socket-exists is required');
    }
    return values;
  },
  list: (values, context) =>
    listed('owner socket exists', values['socket-exists'], '') +
    listed('owner UID match', values['uid-owner'], shown(values['uid-owner'], context, 'user')) +
    listed('owner GID match', values['gid-owner'], shown(values['gid-owner'], context, 'group')) +
    (values['suppl-groups'] ? ' incl. suppl. groups' : ''),
  check(values) {
    const backward = (given: Given<Range> | undefined) =>
      given !== undefined && given.value.min > given.value.max;
    return backward(values['uid-owner']) || backward(values['gid-owner']) ? 'EINVAL' : undefined;
  },
  tests(values) {
    const tests: Test[] = [];
    const { 'socket-exists': exists, 'uid-owner': user, 'gid-owner': group } = values;
    if (exists) {
      tests.push({
        option: 'socket-exists',
        run: ({ sender }) => (sender !== undefined) !== exists.inverted,
        explain: ({ sender }) => (sender ? 'a socket sent it' : NO_SENDER),
      });
    }
    if (user) tests.push(senderTest('uid-owner', user, ({ uid }) => [uid]));
    const all = values['suppl-groups'] !== undefined;
    if (group) {
      tests.push(senderTest('gid-owner', group, ({ gid, groups = [] }) => (all ? [gid, ...groups] : [gid])));
    }
    return tests;
  },
});

function listed(text: string, given: Given<unknown> | undefined, value: string): string {
  if (!given) return '';
  return ` ${given.inverted ? '! ' : ''}${text}${value === '' ? '' : ` ${value}`}`;
}

function shown(given: Given<Range> | undefined, context: PrintContext, kind: 'user' | 'group'): string {
  if (!given) return '';
  const { min, max } = given.value;
  if (min !== max) return `${min}-${max}`;
  const name = context.numeric
    ? undefined
    : kind === 'user'
      ? context.names.userName(min)
      : context.names.groupName(min);
  return name ?? String(min);
}
