import type { Connection } from '../../conntrack/connection.ts';
import { EVENT } from '../../conntrack/events.ts';
import { attached, track } from '../connection-state.ts';
import { CONTINUE, defineTarget, type Given, option } from '../extension.ts';
import { Problem } from '../problem.ts';
import { flag, hex, integer, type Masked, markMask } from '../values.ts';

const ALL = 0xffffffff;
/** In the order in which the real tool looks for a second one. */
const OPERATIONS = [
  'set-mark',
  'save-mark',
  'restore-mark',
  'and-mark',
  'or-mark',
  'xor-mark',
  'set-xmark',
] as const;
const bits = integer(0, ALL, 'bits');
const mask = { ...integer(0, ALL, 'mask'), print: (value: number) => hex(value) };
/** Bits of a mark; the tool lets one shift by all of them, the kernel does not. */
const WORD = 32;
const shift = integer(0, WORD, 'bits');
const ALONE = { excludes: OPERATIONS } as const;

const given = <T>(value: T): Given<T> => ({ value, inverted: false });
const xmark = (value: number, bits: number): Given<Masked> => given({ value: value >>> 0, mask: bits >>> 0 });

export const CONNMARK = defineTarget({
  name: 'CONNMARK',
  revision: 2,
  summary: 'sets the mark of the connection, or copies it from or to the packet’s mark',
  about: 'A packet without a connection passes untouched. Bits are shifted after masking.',
  source: 'net/netfilter/xt_connmark.c connmark_tg_shift',
  options: {
    'set-xmark': option(
      { ...markMask, print: ({ value, mask: bits }: Masked) => `${hex(value)}/${hex(bits)}` },
      { ...ALONE, help: 'Clears the bits of mask in the connection’s mark, then flips those of value.' },
    ),
    'set-mark': option(markMask, { ...ALONE, help: 'Clears the bits of mask, then sets those of value.' }),
    'and-mark': option(bits, { ...ALONE, help: 'Keeps only these bits.' }),
    'or-mark': option(bits, { ...ALONE, help: 'Sets these bits.' }),
    'xor-mark': option(bits, { ...ALONE, help: 'Flips these bits.' }),
    'save-mark': option(flag, { ...ALONE, help: 'Copies the packet’s mark to the connection.' }),
    'restore-mark': option(flag, { ...ALONE, help: 'Copies the connection’s mark to the packet.' }),
    nfmask: option(mask, { excludes: ['mask'], help: 'Bits of the packet’s mark.' }),
    ctmask: option(mask, { excludes: ['mask'], help: 'Bits of the connection’s mark.' }),
    mask: option(mask, { excludes: ['nfmask', 'ctmask'], help: 'Bits of both marks.' }),
    'left-shift-mark': option(shift, {
      help: 'Shifts what is written to the left.',
    }),
    'right-shift-mark': option(shift, {
      help: 'Shifts what is written to the right.',
    }),
  },
  terminal: false,
  verify(values) {
    if (OPERATIONS.every((key) => values[key] === undefined)) {
      throw new Problem('CONNMARK target: No operation specified');
    }
  },
  settle(values) {
    const { 'set-xmark': xset, 'set-mark': set, 'and-mark': and, 'or-mark': or, 'xor-mark': xor } = values;
    const { 'save-mark': save, 'restore-mark': restore, mask: both, nfmask, ctmask } = values;
    const { 'left-shift-mark': left, 'right-shift-mark': right } = values;
    // The last one counts, and none if it shifts by nothing.
    const isRight = right !== undefined && (right.order ?? 0) > (left?.order ?? -1);
    const bits = (isRight ? right : left)?.value ?? 0;
    const shifts = bits === 0 ? {} : { [isRight ? 'right-shift-mark' : 'left-shift-mark']: given(bits) };
    if (save || restore) {
      return {
        ...(save ? { 'save-mark': save } : { 'restore-mark': restore! }),
        nfmask: given((both ?? nfmask)?.value ?? ALL),
        ctmask: given((both ?? ctmask)?.value ?? ALL),
        ...shifts,
      };
    }
    const operation = xset ?? set ?? and ?? or ?? xor!;
    let result: Given<Masked>;
    if (xset) result = xset;
    else if (set) result = xmark(set.value.value, set.value.mask | set.value.value);
    else if (and) result = xmark(0, ~and.value);
    else if (or) result = xmark(or.value, or.value);
    else result = xmark(xor!.value, 0);
    // A mask that stands behind the operation takes the place of the operation's own.
    const later = [both, ctmask].find((one) => one && (one.order ?? 0) > (operation.order ?? 0));
    if (later) result = xmark(result.value.value, later.value);
    return { 'set-xmark': given(result.value), ...shifts };
  },
  list(values) {
    const { 'set-xmark': xset, 'save-mark': save, nfmask, ctmask } = values;
    const { 'left-shift-mark': left, 'right-shift-mark': right } = values;
    const shifted = left ? ` left-shift-mark ${left.value}` : right ? ` right-shift-mark ${right.value}` : '';
    if (xset) return ` CONNMARK ${setText(xset.value)}${shifted}`;
    const nf = nfmask?.value ?? ALL;
    const ct = ctmask?.value ?? ALL;
    let masks = '';
    if (nf !== ct)
      masks = save ? ` nfmask ${hex(nf)} ctmask ~${hex(ct)}` : ` ctmask ${hex(ct)} nfmask ~${hex(nf)}`;
    else if (nf !== ALL) masks = ` mask ${hex(nf)}`;
    return ` CONNMARK ${save ? 'save' : 'restore'}${masks}${shifted}`;
  },
  check({ 'left-shift-mark': left, 'right-shift-mark': right }) {
    return (left ?? right)?.value === WORD ? 'EINVAL' : undefined;
  },
  create(values, environment) {
    track(environment);
    const { events } = environment.connections;
    const { 'set-xmark': xset, 'save-mark': save, nfmask, ctmask } = values;
    const { 'left-shift-mark': left, 'right-shift-mark': right } = values;
    const nf = nfmask?.value ?? ALL;
    const ct = ctmask?.value ?? ALL;
    const shifted = (mark: number): number => {
      if (right) return mark >>> right.value;
      return (mark << (left?.value ?? 0)) >>> 0;
    };
    const set = (connection: Connection, mark: number): void => {
      if (connection.mark === mark) return;
      connection.mark = mark;
      events.note(connection, EVENT.MARK);
    };
    return (packet) => {
      const connection = attached(packet);
      if (connection === undefined) return CONTINUE;
      const { mark } = connection;
      if (xset) set(connection, shifted(((mark & ~xset.value.mask) ^ xset.value.value) >>> 0));
      else if (save) set(connection, ((mark & ~ct) ^ shifted((packet.mark & nf) >>> 0)) >>> 0);
      else packet.mark = ((packet.mark & ~nf) ^ shifted((mark & ct) >>> 0)) >>> 0;
      return CONTINUE;
    };
  },
});

function setText({ value, mask: bits }: Masked): string {
  if (value === 0) return `and ${hex(~bits >>> 0)}`;
  if (value === bits) return `or ${hex(value)}`;
  if (bits === 0) return `xor ${hex(value)}`;
  return bits === ALL ? `set ${hex(value)}` : `xset ${hex(value)}/${hex(bits)}`;
}
