import { FORWARD, OUTPUT, POSTROUTING } from '../../netfilter/constants.ts';
import { CONTINUE, defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';

/** A number as C's sscanf reads `%x`, and its lower 16 bits: more than 64 bits are all ones. */
function half(sign: string, digits: string): number {
  const value = BigInt(`0x${digits}`);
  if (value > 0xffffffffffffffffn) return 0xffff;
  return Number(BigInt.asUintN(16, sign === '-' ? -value : value));
}

const trafficClass: ValueType<number> = {
  syntax: 'major:minor',
  argument: 'required',
  parse(given) {
    // What stands behind the two numbers does not matter to the real tool.
    const found = /^\s*([+-]?)(?:0x)?([0-9a-f]+):\s*([+-]?)(?:0x)?([0-9a-f]+)/i.exec(given);
    if (!found) throw new Problem(`Bad class value "${given}"`);
    return ((half(found[1]!, found[2]!) << 16) | half(found[3]!, found[4]!)) >>> 0;
  },
  print(value) {
    const four = (part: number) => part.toString(16).padStart(4, '0');
    return `${four(value >>> 16)}:${four(value & 0xffff)}`;
  },
};

export const CLASSIFY = defineTarget({
  name: 'CLASSIFY',
  summary: "sets the packet's priority, by which queueing disciplines choose a class",
  source: 'net/netfilter/xt_CLASSIFY.c classify_tg',
  hooks: [FORWARD, OUTPUT, POSTROUTING],
  options: {
    'set-class': option(trafficClass, { required: true, help: 'The class, two hexadecimal numbers.' }),
  },
  terminal: false,
  list({ 'set-class': given }) {
    const value = given?.value ?? 0;
    return ` CLASSIFY set ${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
  },
  create({ 'set-class': given }) {
    const value = given?.value ?? 0;
    return (packet) => {
      packet.priority = value;
      return CONTINUE;
    };
  },
});
