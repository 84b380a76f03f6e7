import { checksum } from '../../../wire/checksum.ts';
import {
  TCP_ACK,
  TCP_ACKNOWLEDGMENT_AT,
  TCP_CHECKSUM_AT,
  TCP_DESTINATION_PORT_AT,
  TCP_FLAGS_AT,
  TCP_LENGTH,
  TCP_OPTION_END,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
  TCP_PSH,
  TCP_SEQUENCE_AT,
  TCP_SOURCE_PORT_AT,
  TCP_SYN,
  TCP_URG,
  TCP_URGENT_AT,
  TCP_WINDOW_AT,
} from '../../../wire/tcp.ts';
import { type Field, flag, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat, printHex, readHex, readNumber } from '../values.ts';
import { readOption, readOptions, writeOption } from './option-list.ts';

/** RFC 9293, section 3.1. */
const SOURCE = number('sport', TCP_SOURCE_PORT_AT, 16);
const DESTINATION = number('dport', TCP_DESTINATION_PORT_AT, 16);
const SEQUENCE = number('seq', TCP_SEQUENCE_AT, 32);
/** Without the flag; with it the word is `ack`, which says both. */
const ACKNOWLEDGMENT = number('acknowledgment', TCP_ACKNOWLEDGMENT_AT, 32);
const ACK_NUMBER = number('ack', TCP_ACKNOWLEDGMENT_AT, 32);
const HEADER_LENGTH = number('doff', 12, 4, { shift: 4, scale: 4, computed: true });
const RESERVED = number('reserved', 12, 4);
const WINDOW = number('window', TCP_WINDOW_AT, 16, { aliases: ['win'] });
const CHECKSUM = number('checksum', TCP_CHECKSUM_AT, 16, { hex: true, computed: true });
const URGENT = number('urgent', TCP_URGENT_AT, 16);
const URG_POINTER = number('urg', TCP_URGENT_AT, 16);
const FLAG_WORDS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr'] as const;
const FLAGS: Field = {
  ...number('flags', TCP_FLAGS_AT, 8, { view: true, names: { none: 0 } }),
  print: (value) => flagNames(Number(value)) || 'none',
};
const FLAG_FIELDS = FLAG_WORDS.map((word, bit) => flag(word, TCP_FLAGS_AT, bit, { view: true, part: true }));
const COMMON = [WINDOW, HEADER_LENGTH, RESERVED, FLAGS, CHECKSUM, ...FLAG_FIELDS];
/** The four combinations of ACK and URG. */
const FIELDS = [ACKNOWLEDGMENT, ACK_NUMBER].map((acknowledgment) =>
  [URGENT, URG_POINTER].map((urgent) => [SEQUENCE, acknowledgment, urgent, ...COMMON]),
);

export const tcp: Layer = {
  name: 'tcp',
  protocol: 6,
  ports: [SOURCE, DESTINATION],
  vocabulary: ['mss', 'wscale', 'sackok', 'sack', 'timestamp', 'nop', 'eol', 'option', 'options'],
  initial: () => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0, 0xfa, 0xf0, 0, 0, 0, 0),
  fields: (header) =>
    FIELDS[header.bytes[TCP_FLAGS_AT]! & TCP_ACK ? 1 : 0]![header.bytes[TCP_FLAGS_AT]! & TCP_URG ? 1 : 0]!,
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
      return readOption(TCP_OPTION_MSS, [[reader.value(word, (text) => readNumber(text, 0, 0xffff)), 2]]);
    case 'wscale':
      return readOption(TCP_OPTION_WINDOW_SCALE, [
        [reader.value(word, (text) => readNumber(text, 0, 255)), 1],
      ]);
    case 'sackok':
      return readOption(TCP_OPTION_SACK_PERMITTED, []);
    case 'sack':
      return readOption(
        TCP_OPTION_SACK,
        pairs(word, reader, '-', ',').map((value) => [value, 4]),
      );
    case 'timestamp':
    case 'ts':
      return readOption(
        TCP_OPTION_TIMESTAMPS,
        pairs(word, reader, '/', undefined).map((value) => [value, 4]),
      );
    case 'nop':
      return Uint8Array.of(TCP_OPTION_NOP);
    case 'eol':
      return Uint8Array.of(TCP_OPTION_END);
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
  compute(header, bytes, HEADER_LENGTH, (TCP_LENGTH + padded.length) / 4);
  if (!header.given.has(FLAGS)) bytes[TCP_FLAGS_AT] = payload.length > 0 ? TCP_PSH | TCP_ACK : TCP_SYN;
  compute(header, bytes, CHECKSUM, 0);
  compute(header, bytes, CHECKSUM, checksum(bytes, 0, bytes.length, around.pseudo(6, bytes.length)));
  return bytes;
}

function open(bytes: Uint8Array): Opened | undefined {
  const length = ((bytes[12] ?? 0) >> 4) * 4;
  if (bytes.length < TCP_LENGTH || length < TCP_LENGTH || length > bytes.length) return undefined;
  const header = new Header(tcp, bytes.slice(0, TCP_LENGTH));
  header.options.push(bytes.slice(TCP_LENGTH, length));
  return { header, length };
}

function print(header: Header): Word[] {
  const flags = flagNames(header.bytes[TCP_FLAGS_AT]!) || 'flags none';
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
  if (kind === TCP_OPTION_END) return 'eol';
  if (kind === TCP_OPTION_NOP) return 'nop';
  if (kind === TCP_OPTION_MSS && length === 4) return `mss ${(option[2]! << 8) | option[3]!}`;
  if (kind === TCP_OPTION_WINDOW_SCALE && length === 3) return `wscale ${option[2]}`;
  if (kind === TCP_OPTION_SACK_PERMITTED && length === 2) return 'sackok';
  if (kind === TCP_OPTION_TIMESTAMPS && length === 10)
    return `timestamp ${read32(option, 2)}/${read32(option, 6)}`;
  if (kind === TCP_OPTION_SACK && length! > 2 && (length! - 2) % 8 === 0) {
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
