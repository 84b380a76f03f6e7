import { setDestinationBytes, Tuple } from '../tuple.ts';
import { readIpv6Text } from './address-text.ts';
import { isDigit } from './payload.ts';

/** Where a data connection goes, and where in the packet that was said. */
export class FtpAddress {
  /** Its destination is what was said; {@link Tuple.family} is the control connection's. */
  readonly tuple = new Tuple();
  /** Place of its first byte in the packet. */
  at = 0;
  length = 0;
}

const COMMA = 44;
const DOT = 46;
/** Too large ones keep their lower 32 bits, and run into their neighbours. */
const numbers = new Uint32Array(6);
const sixteen = new Uint8Array(16);

/**
 * Reads `count` numbers between separators into `numbers`, up to a byte `end` (0: any that is no digit). Answers how
 * many bytes they take, 0 if there are others.
 */
function readNumbers(
  bytes: Uint8Array,
  from: number,
  to: number,
  count: number,
  separator: number,
  end: number,
): number {
  numbers.fill(0);
  let i = 0;
  for (let at = from; at < to && i < count; at++) {
    const byte = bytes[at]!;
    if (isDigit(byte)) {
      numbers[i] = Math.imul(numbers[i]!, 10) + byte - 48;
    } else if (byte === separator) {
      i++;
    } else {
      return i === count - 1 && (end === 0 || byte === end) ? at - from : 0;
    }
  }
  return 0;
}

/** `192,0,2,10,156,64` (RFC 959 section 5.3.2), up to a byte `end`. */
export function readSixNumbers(
  bytes: Uint8Array,
  from: number,
  to: number,
  end: number,
  into: FtpAddress,
): boolean {
  const length = readNumbers(bytes, from, to, 6, COMMA, end);
  if (length === 0) return false;
  setDestinationBytes4(into.tuple);
  into.tuple.destinationPart = ((numbers[4]! << 8) | numbers[5]!) & 0xffff;
  into.length = length;
  return true;
}

/** The address begins at the first digit, with or without a bracket before it (RFC 1123 section 4.1.2.6). */
export function readSixNumbersSomewhere(
  bytes: Uint8Array,
  from: number,
  to: number,
  into: FtpAddress,
): boolean {
  let at = from;
  while (at < to && !isDigit(bytes[at]!)) at++;
  into.at = at;
  return at < to && readSixNumbers(bytes, at, to, 0, into);
}

/** `|1|192.0.2.10|40000|` or `|2|2001:db8::1|40000|` (RFC 2428 section 2), of the connection's own family. */
export function readPortCommand(bytes: Uint8Array, from: number, to: number, into: FtpAddress): boolean {
  if (to - from <= 3) return false;
  const mark = bytes[from]!;
  const { tuple } = into;
  if (!isMark(mark) || bytes[from + 2] !== mark || bytes[from + 1] !== (tuple.family === 4 ? 49 : 50)) {
    return false;
  }
  let at = from + 3;
  if (tuple.family === 4) {
    const length = readNumbers(bytes, at, to, 4, DOT, mark);
    if (length === 0) return false;
    setDestinationBytes4(tuple);
    at += length;
  } else {
    const end = readIpv6Text(bytes, at, to, mark, sixteen);
    if (end <= at) return false;
    setDestinationBytes(tuple, sixteen);
    at = end;
  }
  return readPortNumber(bytes, from, at + 1, to, mark, into);
}

/** `|||40000|` (RFC 2428 section 3). */
export function readPort(bytes: Uint8Array, from: number, to: number, into: FtpAddress): boolean {
  if (to - from <= 3) return false;
  const mark = bytes[from]!;
  if (!isMark(mark) || bytes[from + 1] !== mark || bytes[from + 2] !== mark) return false;
  return readPortNumber(bytes, from, from + 3, to, mark, into);
}

function readPortNumber(
  bytes: Uint8Array,
  from: number,
  start: number,
  to: number,
  mark: number,
  into: FtpAddress,
): boolean {
  let port = 0;
  for (let at = start; at < to; at++) {
    const byte = bytes[at]!;
    if (byte === mark) {
      into.tuple.destinationPart = port;
      into.length = at + 1 - from;
      return port !== 0;
    }
    if (!isDigit(byte)) return false;
    // A number that is too large keeps its lower 16 bits.
    port = (port * 10 + byte - 48) & 0xffff;
  }
  return false;
}

/** What may stand between the fields: printable, no digit. */
function isMark(byte: number): boolean {
  return byte >= 33 && byte <= 126 && !isDigit(byte);
}

/** The first four of `numbers` are the address; on a connection of IPv6 this makes one that fits nobody. */
function setDestinationBytes4(tuple: Tuple): void {
  tuple.dst0 = (numbers[0]! << 24) | (numbers[1]! << 16) | (numbers[2]! << 8) | numbers[3]!;
}
