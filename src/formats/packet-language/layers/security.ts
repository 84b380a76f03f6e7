import { number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, openFixed, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat, printHex, readHex } from '../values.ts';

/** ESP (RFC 4303): what is behind the sequence number is secret. */
const ESP_FIELDS = [number('spi', 0, 32, { hex: true, short: true }), number('seq', 4, 32)];

export const esp: Layer = {
  name: 'esp',
  protocol: 50,
  initial: () => new Uint8Array(8),
  fields: () => ESP_FIELDS,
  seal: (header: Header, payload: Uint8Array): Uint8Array => concat(header.bytes, payload),
  open: (bytes) => openFixed(esp, bytes, 8),
};

/** AH (RFC 4302). Its integrity check value is 12 zeros unless it is given. */
const NEXT = number('next', 0, 8, { computed: true });
const LENGTH = number('length', 1, 8, { computed: true });
const AH_FIELDS = [
  NEXT,
  LENGTH,
  number('reserved', 2, 16, { hex: true }),
  number('spi', 4, 32, { hex: true, short: true }),
  number('seq', 8, 32),
];
const ICV = 12;

export const ah: Layer = {
  name: 'ah',
  protocol: 51,
  vocabulary: ['icv'],
  initial: () => new Uint8Array(12),
  fields: () => AH_FIELDS,
  accept(word: string, header: Header, reader: Reader): boolean {
    if (word !== 'icv') return false;
    header.options = [reader.value(word, readHex)];
    return true;
  },
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const icv = header.options.length > 0 ? header.optionBytes : new Uint8Array(ICV);
    const bytes = concat(header.bytes, icv, payload);
    compute(header, bytes, NEXT, around.next);
    compute(header, bytes, LENGTH, Math.ceil((12 + icv.length) / 4) - 2);
    return bytes;
  },
  open(bytes): Opened | undefined {
    const length = ((bytes[1] ?? 0) + 2) * 4;
    if (bytes.length < 12 || length < 12 || length > bytes.length) return undefined;
    const header = new Header(ah, bytes.slice(0, 12));
    header.options.push(bytes.slice(12, length));
    return { header, length, next: bytes[0]! };
  },
  print(header): Word[] {
    const icv = header.optionBytes;
    const implied = icv.length === ICV && icv.every((byte) => byte === 0);
    return implied ? [] : [{ text: `icv ${printHex(icv)}` }];
  },
};
