import { type Field, flag, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { fold, sum16 } from '../sums.ts';
import { concat, printHex, readHex, readNumber } from '../values.ts';
import { readOption, readOptions, writeOption } from './option-list.ts';

/** RFC 9293, section 3.1. */
const SOURCE = number('sport', 0, 16);
const DESTINATION = number('dport', 2, 16);
const SEQUENCE = number('seq', 4, 32);
/** Without the flag; with it the word is `ack`, which says both. */
const ACKNOWLEDGMENT = number('acknowledgment', 8, 32);
const ACK_NUMBER = number('ack', 8, 32);
const HEADER_LENGTH = number('doff', 12, 4, { shift: 4, scale: 4, computed: true });
const RESERVED = number('reserved', 12, 4);
const WINDOW = number('window', 14, 16, { aliases: ['win'] });
const CHECKSUM = number('checksum', 16, 16, { hex: true, computed: true });
const URGENT = number('urgent', 18, 16);
const URG_POINTER = number('urg', 18, 16);
const FLAG_WORDS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'] as const;
const FLAGS: Field = {
  ...number('flags', 13, 8, { view: true, names: { none: 0 } }),
  print: (value) => flagNames(Number(value)) || 'none',
};
const FLAG_FIELDS = FLAG_WORDS.map((word, bit) => flag(word, 13, bit, { view: true, part: true }));
const COMMON = [WINDOW, HEADER_LENGTH, RESERVED, FLAGS, CHECKSUM, ...FLAG_FIELDS];
/** The four combinations of ACK and URG. */
const FIELDS = [ACKNOWLEDGMENT, ACK_NUMBER].map((acknowledgment) =>
  [URGENT, URG_POINTER].map((urgent) => [SEQUENCE, acknowledgment, urgent, ...COMMON]),
);

const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMP = 8;

const HEADER = 20;
const SYN = 0x02;
const PSH_ACK = 0x18;
const ACK = 0x10;
const URG = 0x20;

export const tcp: Layer = {
  name: 'tcp',
  protocol: 6,
  ports: [SOURCE, DESTINATION],
  vocabulary: ['mss', 'wscale', 'sackok', 'sack', 'timestamp', 'nop', 'eol', 'option', 'options'],
  initial: () => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0xfa, 0xf0, 0, 0, 0, 0),
  fields: (header) => FIELDS[header.bytes[13]! & ACK ? 1 : 0]![header.bytes[13]! & URG ? 1 : 0]!,
  accept,
  seal,
  open,
  print,
};

function accept(word: string, header: Header, reader: Reader): boolean {
  const flags = word.split(',');
  if (flags.every((name) => (FLAG_WORDS as readonly string[]).includes(name))) {
    for (const name of flags) reader.give(header, FLAG_FIELDS[FLAG_WORDS.indexOf(name as 'fin')]!, 1);
    header.given.add(FLAGS);
    const last = flags[flags.length - 1];
    const field = last === 'ack' ? ACK_NUMBER : last === 'urg' ? URG_POINTER : undefined;
    // `ack 5` is the flag and its number.
    if (field && reader.nextFits(field.read)) reader.give(header, field, reader.value(word, field.read));
    return true;
  }
  const option = readTcpOption(word, reader);
  if (option) header.options.push(option);
  return option !== undefined;
}

function readTcpOption(word: string, reader: Reader): Uint8Array | undefined {
  switch (word) {
    case 'mss':
      return readOption(MSS, [[reader.value(word, (text) => readNumber(text, 0, 0xffff)), 2]]);
    case 'wscale':
      return readOption(WINDOW_SCALE, [[reader.value(word, (text) => readNumber(text, 0, 255)), 1]]);
    case 'sackok':
      return readOption(SACK_PERMITTED, []);
    case 'sack':
      return readOption(
        SACK,
        pairs(word, reader, '-', ',').map((value) => [value, 4]),
      );
    case 'timestamp':
    case 'ts':
      return readOption(
        TIMESTAMP,
        pairs(word, reader, '/', undefined).map((value) => [value, 4]),
      );
    case 'nop':
      return Uint8Array.of(NOP);
    case 'eol':
      return Uint8Array.of(0);
    case 'option':
      return writeOption(reader);
    case 'options':
      return reader.value(word, (text) => readHex(text));
    default:
      return undefined;
  }
}

/** `1/0`, or `1-5,9-12`: numbers in pairs. */
function pairs(word: string, reader: Reader, within: string, between: string | undefined): number[] {
  const token = reader.next(`a value for '${word}', as in 1${within}2`);
  let offset = 0;
  const found: number[] = [];
  for (const pair of between ? token.text.split(between) : [token.text]) {
    const parts = pair.split(within);
    if (parts.length !== 2)
      reader.fail(token, `${word} ${token.text}: must be two numbers, as in 1${within}2`);
    for (const part of parts) {
      found.push(reader.part(word, token, part, offset, (text) => readNumber(text, 0, 0xffffffff)));
      offset += part.length + 1;
    }
  }
  return found;
}

function seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
  const options = header.optionBytes;
  const padded = new Uint8Array(Math.ceil(options.length / 4) * 4);
  padded.set(options);
  const bytes = concat(header.bytes, padded, payload);
  compute(header, bytes, HEADER_LENGTH, (HEADER + padded.length) / 4);
  if (!header.given.has(FLAGS)) bytes[13] = payload.length > 0 ? PSH_ACK : SYN;
  compute(header, bytes, CHECKSUM, 0);
  compute(header, bytes, CHECKSUM, fold(around.pseudo(6, bytes.length) + sum16(bytes)));
  return bytes;
}

function open(bytes: Uint8Array): Opened | undefined {
  const length = ((bytes[12] ?? 0) >> 4) * 4;
  if (bytes.length < HEADER || length < HEADER || length > bytes.length) return undefined;
  const header = new Header(tcp, bytes.slice(0, HEADER));
  header.options.push(bytes.slice(HEADER, length));
  return { header, length };
}

function print(header: Header): Word[] {
  const flags = flagNames(header.bytes[13]!) || 'flags none';
  return [{ text: flags, brief: flags }, ...printOptions(header.optionBytes)];
}

function flagNames(flags: number): string {
  return FLAG_WORDS.filter((_, bit) => flags & (1 << bit)).join(',');
}

function printOptions(options: Uint8Array): Word[] {
  const list = readOptions(options);
  if (!list) return options.length > 0 ? [{ text: `options ${printHex(options)}` }] : [];
  return list.map((option) => ({ text: printOption(option) }));
}

function printOption(option: Uint8Array): string {
  const [kind, length] = option;
  if (kind === 0) return 'eol';
  if (kind === NOP) return 'nop';
  if (kind === MSS && length === 4) return `mss ${(option[2]! << 8) | option[3]!}`;
  if (kind === WINDOW_SCALE && length === 3) return `wscale ${option[2]}`;
  if (kind === SACK_PERMITTED && length === 2) return 'sackok';
  if (kind === TIMESTAMP && length === 10) return `timestamp ${read32(option, 2)}/${read32(option, 6)}`;
  if (kind === SACK && length! > 2 && (length! - 2) % 8 === 0) {
    const blocks: string[] = [];
    for (let at = 2; at < option.length; at += 8)
      blocks.push(`${read32(option, at)}-${read32(option, at + 4)}`);
    return `sack ${blocks.join(',')}`;
  }
  return `option ${kind} ${printHex(option.subarray(2))}`;
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}
