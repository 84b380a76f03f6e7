import { crc32c } from '../crc32c.ts';
import { number } from '../field.ts';
import { compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat, printHex, readHex, readNumber } from '../values.ts';

/** RFC 9260, section 3. */
const SOURCE = number('sport', 0, 16);
const DESTINATION = number('dport', 2, 16);
const TAG = number('vtag', 4, 32, { hex: true });
const CHECKSUM = number('checksum', 8, 32, { hex: true, computed: true });

/** Chunk types with the length of the shortest body that is one. */
const CHUNKS: Readonly<Record<string, readonly [type: number, body: number]>> = {
  data: [0, 13],
  init: [1, 16],
  'init-ack': [2, 16],
  sack: [3, 12],
  heartbeat: [4, 4],
  'heartbeat-ack': [5, 4],
  abort: [6, 0],
  shutdown: [7, 4],
  'shutdown-ack': [8, 0],
  error: [9, 0],
  'cookie-echo': [10, 4],
  'cookie-ack': [11, 0],
  ecne: [12, 4],
  cwr: [13, 4],
  'shutdown-complete': [14, 0],
  auth: [15, 4],
  'asconf-ack': [128, 4],
  'forward-tsn': [192, 4],
  asconf: [193, 4],
};

export const sctp: Layer = {
  name: 'sctp',
  protocol: 132,
  ports: [SOURCE, DESTINATION],
  vocabulary: ['chunk', ...Object.keys(CHUNKS)],
  initial: () => new Uint8Array(12),
  fields: () => [TAG, CHECKSUM],
  accept,
  seal(header: Header, payload: Uint8Array): Uint8Array {
    const bytes = concat(header.bytes, header.optionBytes, payload);
    compute(header, bytes, CHECKSUM, 0);
    // The CRC goes on the wire with its least significant byte first (RFC 9260, appendix A).
    const crc = crc32c(bytes);
    const swapped = ((crc & 255) * 0x1000000 + ((crc & 0xff00) << 8) + ((crc >>> 8) & 0xff00)) | (crc >>> 24);
    compute(header, bytes, CHECKSUM, swapped >>> 0);
    return bytes;
  },
  open,
  print: (header): Word[] => header.options.map(printChunk),
};

/** `NAME [flags N] [hex:…]`, or `chunk TYPE …`. A chunk without a body gets zeros of the least length. */
function accept(word: string, header: Header, reader: Reader): boolean {
  const known = Object.hasOwn(CHUNKS, word) ? CHUNKS[word] : undefined;
  if (!known && word !== 'chunk') return false;
  const [type, least] = known ?? [reader.value(word, (text) => readNumber(text, 0, 255)), 0];
  const flags = reader.skip('flags') ? reader.value('flags', (text) => readNumber(text, 0, 255)) : 0;
  const hasBody = reader.peek()?.text.startsWith('hex:') === true;
  const body = hasBody ? reader.value(word, readHex) : new Uint8Array(least);
  const length = body.length + 4;
  const chunk = new Uint8Array(Math.ceil(length / 4) * 4);
  chunk.set([type, flags, length >> 8, length & 255]);
  chunk.set(body, 4);
  header.options.push(chunk);
  return true;
}

function open(bytes: Uint8Array): Opened | undefined {
  if (bytes.length < 12) return undefined;
  const header = new Header(sctp, bytes.slice(0, 12));
  let at = 12;
  while (at + 4 <= bytes.length) {
    const length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
    const padded = Math.ceil(length / 4) * 4;
    if (length < 4 || at + padded > bytes.length) break;
    header.options.push(bytes.slice(at, at + padded));
    at += padded;
  }
  return { header, length: at };
}

function printChunk(chunk: Uint8Array): Word {
  const length = (chunk[2]! << 8) | chunk[3]!;
  const named = Object.entries(CHUNKS).find(([, [type]]) => type === chunk[0]);
  const flags = chunk[1] === 0 ? '' : ` flags ${chunk[1]}`;
  const body = chunk.subarray(4, length);
  const implied = named !== undefined && body.length === named[1][1] && body.every((byte) => byte === 0);
  const name = named ? named[0] : `chunk ${chunk[0]}`;
  const hasBody = !implied && (named !== undefined || body.length > 0);
  return { text: `${name}${flags}${hasBody ? ` ${printHex(body)}` : ''}`, brief: name };
}
