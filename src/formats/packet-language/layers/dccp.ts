import { checksum } from '../../../wire/checksum.ts';
import { type Field, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat, printHex, readHex } from '../values.ts';

/** RFC 4340, section 5; always with the extended sequence numbers that all types but data packets need. */
const SOURCE = number('sport', 0, 16);
const DESTINATION = number('dport', 2, 16);
const OFFSET = number('doff', 4, 8, { computed: true, scale: 4 });
const CCVAL = number('ccval', 5, 4, { shift: 4 });
const COVERAGE = number('cscov', 5, 4);
const CHECKSUM = number('checksum', 6, 16, { hex: true, computed: true });
const RESERVED = number('reserved', 8, 3, { shift: 5 });
const TYPE = number('type', 8, 4, { shift: 1, view: true });
const RESERVED2 = number('reserved2', 9, 8);
const SEQUENCE = number('seq', 10, 48);
const COMMON = [OFFSET, CCVAL, COVERAGE, CHECKSUM, RESERVED, TYPE, RESERVED2, SEQUENCE];

const TYPES = [
  'request',
  'response',
  'data',
  'ack',
  'dataack',
  'closereq',
  'close',
  'reset',
  'sync',
  'syncack',
];
/** The fields behind the sequence number. */
const ACKNOWLEDGMENT = [number('reserved3', 16, 16), number('ack', 18, 48)];
const SERVICE = number('service', 16, 32);
const ACK_SERVICE = number('service', 24, 32);
const RESET = [number('reset-code', 24, 8), number('reset-data', 25, 24)];
const EXTRA: readonly (readonly Field[])[] = [
  [SERVICE],
  [...ACKNOWLEDGMENT, ACK_SERVICE],
  [],
  ...Array<readonly Field[]>(4).fill(ACKNOWLEDGMENT),
  [...ACKNOWLEDGMENT, ...RESET],
  ACKNOWLEDGMENT,
  ACKNOWLEDGMENT,
];
const LENGTHS = [20, 28, 16, 24, 24, 24, 24, 28, 24, 24];

export const dccp: Layer = {
  name: 'dccp',
  protocol: 33,
  ports: [SOURCE, DESTINATION],
  vocabulary: [...TYPES, 'options'],
  initial: () => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  fields: (header) => [...COMMON, ...(EXTRA[typeOf(header.bytes)] ?? [])],
  accept,
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const options = header.optionBytes;
    const padded = new Uint8Array(Math.ceil(options.length / 4) * 4);
    padded.set(options);
    const bytes = concat(header.bytes, padded, payload);
    compute(header, bytes, OFFSET, (header.bytes.length + padded.length) / 4);
    compute(header, bytes, CHECKSUM, 0);
    // Coverage 0 is everything, n the header and n - 1 words of data (section 9.2).
    const words = bytes[5]! & 15;
    const covered = words === 0 ? bytes.length : bytes[4]! * 4 + (words - 1) * 4;
    const pseudo = around.pseudo(33, bytes.length);
    compute(header, bytes, CHECKSUM, checksum(bytes, 0, Math.min(covered, bytes.length), pseudo));
    return bytes;
  },
  open,
  print(header): Word[] {
    const type = TYPES[typeOf(header.bytes)]!;
    const options = header.optionBytes;
    const words = options.length > 0 ? [{ text: `options ${printHex(options)}` }] : [];
    return [{ text: type, brief: type }, ...words];
  },
};

function typeOf(bytes: Uint8Array): number {
  return (bytes[8]! >> 1) & 15;
}

function accept(word: string, header: Header, reader: Reader): boolean {
  // `ack 5` is the number of a type that has one; `ack` alone is the type.
  const isNumber = word === 'ack' && (typeOf(header.bytes) === 3 || reader.nextFits(SEQUENCE.read));
  const type = isNumber && reader.nextFits(SEQUENCE.read) ? -1 : TYPES.indexOf(word);
  if (type >= 0) {
    header.bytes[8] = (header.bytes[8]! & 0xe1) | (type << 1);
    const bytes = new Uint8Array(LENGTHS[type]!);
    bytes.set(header.bytes.subarray(0, 16));
    header.bytes = bytes;
    return true;
  }
  if (word !== 'options') return false;
  header.options.push(reader.value(word, readHex));
  return true;
}

function open(bytes: Uint8Array): Opened | undefined {
  if (bytes.length < 16 || !(bytes[8]! & 1)) return undefined;
  const fixed = LENGTHS[typeOf(bytes)];
  const length = bytes[4]! * 4;
  if (fixed === undefined || length < fixed || length > bytes.length) return undefined;
  const header = new Header(dccp, bytes.slice(0, fixed));
  if (length > fixed) header.options.push(bytes.slice(fixed, length));
  return { header, length };
}
