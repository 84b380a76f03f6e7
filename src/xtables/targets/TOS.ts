import { CONTINUE, defineTarget, type Given, option } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readTos, writeTos } from '../tos.ts';
import { printByte, tos, tosName } from '../tos-value.ts';
import { integer, type Masked } from '../values.ts';

const bits = integer(0, 255);
const ALONE = { excludes: ['*'] } as const;
const masked = (value: number, mask: number): Given<Masked> => ({ value: { value, mask }, inverted: false });

export const TOS = defineTarget({
  name: 'TOS',
  revision: 1,
  summary: 'changes the type of service, or the traffic class of IPv6',
  source: 'net/netfilter/xt_DSCP.c tos_tg, tos_tg6',
  table: 'mangle',
  options: {
    'set-tos': option(tos, { ...ALONE, help: 'Clears the bits of mask, then flips those of value.' }),
    'and-tos': option(bits, { ...ALONE, help: 'Keeps only these bits.' }),
    'or-tos': option(bits, { ...ALONE, help: 'Sets these bits.' }),
    'xor-tos': option(bits, { ...ALONE, help: 'Flips these bits.' }),
  },
  terminal: false,
  settle(values) {
    const { 'and-tos': and, 'or-tos': or, 'xor-tos': xor } = values;
    if (and) return { 'set-tos': masked(0, ~and.value & 0xff) };
    if (or) return { 'set-tos': masked(or.value, or.value) };
    if (xor) return { 'set-tos': masked(xor.value, 0) };
    if (!values['set-tos']) throw new Problem('TOS: An action is required');
    return values;
  },
  list({ 'set-tos': given }, context) {
    if (!given) return '';
    const { value, mask } = given.value;
    if (!context.numeric) {
      const name = tosName(given.value);
      // The real tool puts the blank in front of all, not in front of the name.
      if (name) return `  TOS set${name}`;
      if (value === 0) return ` TOS and ${printByte(~mask & 0xff)}`;
      if (value === mask) return ` TOS or ${printByte(value)}`;
      if (mask === 0) return ` TOS xor ${printByte(value)}`;
    }
    return ` TOS set ${tos.print(given.value, context)}`;
  },
  create({ 'set-tos': given }) {
    const { value, mask } = given?.value ?? { value: 0, mask: 0 };
    return (packet) => {
      const before = readTos(packet);
      const after = ((before & ~mask) ^ value) & 0xff;
      if (after !== before) writeTos(packet, after);
      return CONTINUE;
    };
  },
});
