import { type Field, flag, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import { PROTOCOLS } from '../protocols.ts';
import type { Reader } from '../reader.ts';
import { concat, printHex, printIpv6, readHex, readIpv6, readNumber } from '../values.ts';
import { ah } from './security.ts';

/**
 * Headers between IPv6 and the transport (RFC 8200, section 4), and AH in both families. Written after their word, what
 * they hold in braces: `hbh { router-alert 0 }`, `frag { offset 8 mf }`.
 */

const NEXT = number('next', 0, 8, { computed: true, names: PROTOCOLS });
const LENGTH = number('length', 1, 8, { computed: true });
const OPTION_FIELDS = [NEXT, LENGTH];
const PAD1 = 0;
const PADN = 1;
const ROUTER_ALERT = 5;
const JUMBO = 194;

/** Hop-by-hop and destination options differ in their number alone. */
function optionsLayer(name: string, protocol: number): Layer {
  const layer: Layer = {
    name,
    protocol,
    family: 6,
    vocabulary: ['router-alert', 'jumbo', 'pad', 'option', 'options'],
    initial: () => new Uint8Array(2),
    fields: () => OPTION_FIELDS,
    accept(word: string, header: Header, reader: Reader): boolean {
      const option = readOption(word, reader);
      if (option) header.options.push(option);
      return option !== undefined;
    },
    seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
      const options = header.optionBytes;
      const missing = (8 - ((2 + options.length) % 8)) % 8;
      const bytes = concat(
        header.bytes,
        options,
        padding(missing || (options.length === 0 ? 6 : 0)),
        payload,
      );
      compute(header, bytes, NEXT, around.next);
      compute(header, bytes, LENGTH, (bytes.length - payload.length) / 8 - 1);
      return bytes;
    },
    open(bytes): Opened | undefined {
      const length = ((bytes[1] ?? 0) + 1) * 8;
      if (bytes.length < 8 || length > bytes.length) return undefined;
      const header = new Header(layer, bytes.slice(0, 2));
      header.options.push(bytes.slice(2, length));
      return { header, length, next: bytes[0]! };
    },
    print: (header) => printOptions(header.optionBytes),
  };
  return layer;
}

export const hopByHop = optionsLayer('hbh', 0);
export const destinationOptions = optionsLayer('dst', 60);

/** `length` bytes that mean nothing: Pad1 or PadN. */
function padding(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (length > 1) bytes.set([PADN, length - 2]);
  return bytes;
}

function readOption(word: string, reader: Reader): Uint8Array | undefined {
  switch (word) {
    case 'router-alert': {
      const value = reader.value(word, (text) => readNumber(text, 0, 0xffff));
      return Uint8Array.of(ROUTER_ALERT, 2, value >> 8, value & 255);
    }
    case 'jumbo': {
      const value = reader.value(word, (text) => readNumber(text, 0, 0xffffffff));
      return Uint8Array.of(JUMBO, 4, value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
    }
    case 'pad':
      return padding(reader.value(word, (text) => readNumber(text, 1, 257)));
    case 'option': {
      const kind = reader.value(word, (text) => readNumber(text, 1, 255));
      const hasData = reader.peek()?.text.startsWith('hex:') === true;
      const data = hasData ? reader.value(word, readHex) : new Uint8Array(0);
      return Uint8Array.of(kind, data.length, ...data);
    }
    case 'options':
      return reader.value(word, readHex);
    default:
      return undefined;
  }
}

function printOptions(bytes: Uint8Array): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at]!;
    const length = kind === PAD1 ? 1 : 2 + (bytes[at + 1] ?? 255);
    if (at + length > bytes.length) return [{ text: `options ${printHex(bytes)}` }];
    const data = bytes.subarray(at + 2, at + length);
    const isPadding = kind === PAD1 || (kind === PADN && data.every((byte) => byte === 0));
    if (kind === ROUTER_ALERT && data.length === 2) {
      words.push({ text: `router-alert ${(data[0]! << 8) | data[1]!}` });
    } else if (isPadding) {
      // What fills the last eight bytes comes by itself.
      const implied = at + length === bytes.length && (length < 6 || at === 0) && length <= 7;
      if (!implied) words.push({ text: `pad ${length}` });
    } else {
      words.push({ text: `option ${kind}${data.length > 0 ? ` ${printHex(data)}` : ''}` });
    }
    at += length;
  }
  return words;
}

/** RFC 8200, section 4.5. */
const FRAGMENT_FIELDS = [
  NEXT,
  number('reserved', 1, 8),
  number('offset', 2, 13, { shift: 3, scale: 8, short: true }),
  number('reserved2', 3, 2, { shift: 1 }),
  flag('mf', 3, 0, { short: true }),
  number('id', 4, 32),
];
export const FRAGMENT_WORDS: readonly string[] = ['id', 'offset', 'mf'];

export const fragment: Layer = {
  name: 'frag',
  protocol: 44,
  family: 6,
  initial: () => new Uint8Array(8),
  fields: () => FRAGMENT_FIELDS,
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, NEXT, around.next);
    return bytes;
  },
  open(bytes): Opened | undefined {
    if (bytes.length < 8) return undefined;
    return { header: new Header(fragment, bytes.slice(0, 8)), length: 8, next: bytes[0]! };
  },
};

/** RFC 8200, section 4.4; type 4 is segment routing (RFC 8754). */
const ROUTING_COMMON = [NEXT, LENGTH, number('type', 2, 8), number('left', 3, 8)];
const ROUTING_OTHER = [...ROUTING_COMMON, number('reserved', 4, 32, { hex: true })];
const ROUTING_SEGMENTS: readonly Field[] = [
  ...ROUTING_COMMON,
  number('last', 4, 8),
  number('flags', 5, 8, { hex: true }),
  number('tag', 6, 16),
];
const SEGMENT_ROUTING = 4;

export const routing: Layer = {
  name: 'rt',
  protocol: 43,
  family: 6,
  vocabulary: ['address', 'data'],
  initial: () => new Uint8Array(8),
  fields: (header) => (header.bytes[2] === SEGMENT_ROUTING ? ROUTING_SEGMENTS : ROUTING_OTHER),
  accept(word: string, header: Header, reader: Reader): boolean {
    if (word === 'address') header.options.push(reader.value(word, readIpv6));
    else if (word === 'data') header.options.push(reader.value(word, readHex));
    else return false;
    return true;
  },
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const data = header.optionBytes;
    const padded = new Uint8Array(Math.ceil(data.length / 8) * 8);
    padded.set(data);
    const bytes = concat(header.bytes, padded, payload);
    compute(header, bytes, NEXT, around.next);
    compute(header, bytes, LENGTH, padded.length / 8);
    return bytes;
  },
  open(bytes): Opened | undefined {
    const length = ((bytes[1] ?? 0) + 1) * 8;
    if (bytes.length < 8 || length > bytes.length) return undefined;
    const header = new Header(routing, bytes.slice(0, 8));
    header.options.push(bytes.slice(8, length));
    return { header, length, next: bytes[0]! };
  },
  print(header): Word[] {
    const data = header.optionBytes;
    const known = [0, 2, SEGMENT_ROUTING].includes(header.bytes[2]!);
    if (!known || data.length % 16 !== 0) return data.length > 0 ? [{ text: `data ${printHex(data)}` }] : [];
    const words: Word[] = [];
    for (let at = 0; at < data.length; at += 16) {
      words.push({ text: `address ${printIpv6(data.subarray(at, at + 16))}` });
    }
    return words;
  },
};

/** Every header that may stand between IP and the transport. */
export const EXTENSIONS: readonly Layer[] = [hopByHop, destinationOptions, routing, fragment, ah];
