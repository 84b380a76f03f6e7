import { DROP } from '../../netfilter/verdict.ts';
import { get16, set16 } from '../../wire/bytes.ts';
import { updateChecksum32 } from '../../wire/checksum.ts';
import { CONTINUE, defineTarget, option, type PrintContext, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { BROKEN_HEADER, NO_HEADER, tcpHeader, tcpHeaderLength, tcpOptionLength } from '../tcp-header.ts';
import { unsigned } from '../values.ts';

const NOP = 1;
const CHECKSUM = 16;

/** Options that have a name. */
const NAMES: ReadonlyMap<string, number> = new Map([
  ['wscale', 3],
  ['mss', 2],
  ['sack-permitted', 4],
  ['sack', 5],
  ['timestamp', 8],
  ['md5', 19],
]);

const nameOf = (kind: number): string => [...NAMES].find(([, value]) => value === kind)?.[0] ?? String(kind);

const kinds: ValueType<readonly number[]> = {
  syntax: 'option[,option…]',
  argument: 'required',
  choices: [...NAMES.keys()],
  parse(given) {
    const found = new Set<number>();
    for (const word of given.split(',')) {
      const kind = NAMES.get(word) ?? unsigned(word, 0, 255);
      if (kind === undefined) throw new Problem(`Bad TCP option value "${word}"`);
      if (kind < 2) throw new Problem('Option value may not be 0 or 1');
      if (found.has(kind)) throw new Problem(`Option "${word}" already specified`);
      found.add(kind);
    }
    return [...found].sort((a, b) => a - b);
  },
  print: (value) => value.join(','),
};

const list = (value: readonly number[], { numeric }: PrintContext): string =>
  numeric ? value.join(',') : value.map(nameOf).join(',');

export const TCPOPTSTRIP = defineTarget({
  name: 'TCPOPTSTRIP',
  summary: 'overwrites options of TCP with no-operations',
  about: 'The header keeps its length. A TCP header that is cut off is dropped.',
  source: 'net/netfilter/xt_TCPOPTSTRIP.c tcpoptstrip_mangle_packet',
  table: 'mangle',
  protocol: 6,
  options: {
    'strip-options': option(kinds, {
      help: 'Numbers 2 to 255, or wscale, mss, sack-permitted, sack, timestamp, md5.',
    }),
  },
  terminal: false,
  list({ 'strip-options': given }, context) {
    return given ? ` TCPOPTSTRIP options ${list(given.value, context)}` : '';
  },
  create({ 'strip-options': given }) {
    const stripped = new Uint8Array(256);
    for (const kind of given?.value ?? []) stripped[kind] = 1;
    return (packet, place) => {
      const at = tcpHeader(packet, place.fragment);
      if (at === NO_HEADER) return CONTINUE;
      if (at === BROKEN_HEADER) return DROP;
      strip(packet.bytes, at, stripped);
      return CONTINUE;
    };
  },
});

function strip(bytes: Uint8Array, at: number, stripped: Uint8Array): void {
  const length = tcpHeaderLength(bytes, at);
  for (let i = 20; i < length - 1; ) {
    const size = tcpOptionLength(bytes, at + i);
    if (i + size > length) return;
    if (stripped[bytes[at + i]!]) {
      let check = get16(bytes, at + CHECKSUM);
      for (let j = i; j < i + size; j++) {
        const shift = j % 2 === 0 ? 8 : 0;
        check = updateChecksum32(check, bytes[at + j]! << shift, NOP << shift);
        bytes[at + j] = NOP;
      }
      set16(bytes, at + CHECKSUM, check);
    }
    i += size;
  }
}
