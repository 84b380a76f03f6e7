import { checksum } from '../../../wire/checksum.ts';
import { number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat, readNumber } from '../values.ts';

/** RFC 2784 and RFC 2890: a checksum, a key and a sequence number are there if their bits are set. */
const PROTOCOL = number('ethertype', 2, 16, { hex: true, computed: true });
const BITS = number('bits', 0, 12, { size: 2, hex: true, view: true });
const VERSION = number('version', 1, 3);
const CHECKSUM = 0x80;
const KEY = 0x20;
const SEQUENCE = 0x10;

/** Each optional word of 32 bits, in the order of the header. */
const PARTS = [
  { word: 'gre-checksum', bit: CHECKSUM },
  { word: 'key', bit: KEY },
  { word: 'seq', bit: SEQUENCE },
] as const;

export const gre: Layer = {
  name: 'gre',
  protocol: 47,
  vocabulary: PARTS.map(({ word }) => word),
  initial: () => new Uint8Array(4),
  fields: () => [BITS, VERSION, PROTOCOL],
  accept(word: string, header: Header, reader: Reader): boolean {
    const index = PARTS.findIndex((part) => part.word === word);
    if (index < 0) return false;
    header.bytes[0]! |= PARTS[index]!.bit;
    const isChecksum = PARTS[index]!.bit === CHECKSUM;
    // A checksum without a number is computed.
    const most = isChecksum ? 0xffff : 0xffffffff;
    const read = (text: string): number => readNumber(text, 0, most);
    const value = isChecksum && !reader.nextFits(read) ? -1 : reader.value(word, read);
    header.options[index] = value < 0 ? new Uint8Array(0) : wordOf(isChecksum ? value * 0x10000 : value);
    return true;
  },
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const parts = PARTS.map(({ bit }, index) => {
      const given = header.options[index];
      return header.bytes[0]! & bit ? (given?.length === 4 ? given : new Uint8Array(4)) : new Uint8Array(0);
    });
    const bytes = concat(header.bytes, ...parts, payload);
    compute(header, bytes, PROTOCOL, around.next);
    if (header.options[0]?.length === 0) {
      const sum = checksum(bytes, 0, bytes.length);
      bytes[4] = sum >> 8;
      bytes[5] = sum & 255;
    }
    return bytes;
  },
  open(bytes): Opened | undefined {
    if (bytes.length < 4) return undefined;
    const header = new Header(gre, bytes.slice(0, 4));
    let length = 4;
    for (const [index, { bit }] of PARTS.entries()) {
      if (!(bytes[0]! & bit)) continue;
      if (length + 4 > bytes.length) return undefined;
      header.options[index] = bytes.slice(length, length + 4);
      length += 4;
    }
    return { header, length, next: (bytes[2]! << 8) | bytes[3]! };
  },
  print(header): Word[] {
    const words: Word[] = [];
    for (const [index, { word, bit }] of PARTS.entries()) {
      const part = header.options[index];
      if (!part) continue;
      const value = new DataView(part.buffer, part.byteOffset).getUint32(0);
      const text = `${word} ${bit === CHECKSUM ? `0x${(value >>> 16).toString(16)}` : value}`;
      words.push({ text, brief: bit === KEY ? text : undefined });
    }
    return words;
  },
};

function wordOf(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}
