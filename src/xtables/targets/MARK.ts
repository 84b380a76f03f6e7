import { CONTINUE, defineTarget, type Given, option } from '../extension.ts';
import { Problem } from '../problem.ts';
import { hex, integer, type Masked, markMask } from '../values.ts';

const ALONE = { excludes: ['*'] } as const;
const bits = { ...integer(0, 0xffffffff, 'bits') };

function xmark(value: number, mask: number): Given<Masked> {
  return { value: { value: value >>> 0, mask: mask >>> 0 }, inverted: false };
}

export const MARK = defineTarget({
  name: 'MARK',
  revision: 2,
  summary: 'sets the firewall mark of the packet',
  source: 'net/netfilter/xt_mark.c mark_tg',
  options: {
    'set-xmark': option(
      { ...markMask, print: ({ value, mask }: Masked) => `${hex(value)}/${hex(mask)}` },
      { ...ALONE, help: 'Clears the bits of mask, then flips those of value.' },
    ),
    'set-mark': option(markMask, { ...ALONE, help: 'Clears the bits of mask, then sets those of value.' }),
    'and-mark': option(bits, { ...ALONE, help: 'Keeps only these bits.' }),
    'or-mark': option(bits, { ...ALONE, help: 'Sets these bits.' }),
    'xor-mark': option(bits, { ...ALONE, help: 'Flips these bits.' }),
  },
  terminal: false,
  settle(values) {
    const { 'set-mark': set, 'and-mark': and, 'or-mark': or, 'xor-mark': xor } = values;
    if (set) return { 'set-xmark': xmark(set.value.value, set.value.mask | set.value.value) };
    if (and) return { 'set-xmark': xmark(0, ~and.value) };
    if (or) return { 'set-xmark': xmark(or.value, or.value) };
    if (xor) return { 'set-xmark': xmark(xor.value, 0) };
    if (values['set-xmark']) return values;
    throw new Problem('MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required');
  },
  list({ 'set-xmark': given }) {
    const { value, mask } = given?.value ?? { value: 0, mask: 0 };
    if (value === 0) return ` MARK and ${hex(~mask >>> 0)}`;
    if (value === mask) return ` MARK or ${hex(value)}`;
    if (mask === 0) return ` MARK xor ${hex(value)}`;
    if (mask === 0xffffffff) return ` MARK set ${hex(value)}`;
    return ` MARK xset ${hex(value)}/${hex(mask)}`;
  },
  create({ 'set-xmark': given }) {
    const { value, mask } = given?.value ?? { value: 0, mask: 0 };
    return (packet) => {
      packet.mark = ((packet.mark & ~mask) ^ value) >>> 0;
      return CONTINUE;
    };
  },
});
