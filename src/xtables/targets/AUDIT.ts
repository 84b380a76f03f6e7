import { CONTINUE, defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';

const TYPES = ['accept', 'drop', 'reject'] as const;
type Type = (typeof TYPES)[number];

const type: ValueType<Type> = {
  syntax: 'type',
  argument: 'required',
  choices: TYPES,
  parse(given) {
    const found = TYPES.find((one) => one === given.toLowerCase());
    if (!found) throw new Problem(`Bad action type value "${given}"`);
    return found;
  },
  print: (value) => value,
};

export const AUDIT = defineTarget({
  name: 'AUDIT',
  summary: 'reports the packet to the audit system',
  about: 'No audit daemon is simulated, so nothing is reported. The packet goes on whatever the type says.',
  source: 'net/netfilter/xt_AUDIT.c audit_tg',
  options: {
    type: option(type, {
      required: true,
      help: 'What the ruleset does with the packet: accept, drop, reject.',
    }),
  },
  terminal: false,
  list: ({ type: given }) => ` AUDIT ${given?.value ?? ''}`,
  create: () => () => CONTINUE,
});
