import { existsSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { CaptureReader, looksLikeCapture } from '../formats/capture.ts';
import { CaptureError, type CaptureRecord } from '../formats/capture-record.ts';
import { isKnownLinkType, knownLinkTypes, linkPayload, linkTypeName } from '../formats/link-types.ts';
import { PacketLanguageError, type PacketText, parsePacket } from '../formats/packet-language/index.ts';
import type { CapturedFrame } from '../formats/pcap.ts';
import { readBinaryFile } from './files.ts';
import { UserProblem } from './problem.ts';

/** Something that the user wants to happen to the host, in the order given. */
export type Input =
  | { readonly kind: 'packet'; readonly from: Place; readonly at: Entrance; readonly packet: PacketText }
  | {
      readonly kind: 'frame';
      readonly from: Place;
      readonly at: Entrance;
      readonly frame: CapturedFrame;
      readonly linkType: number;
    }
  | { readonly kind: 'wait'; readonly seconds: number };

/** Where a packet comes in: from a device, or from a local process. */
export type Entrance = { readonly device: string } | 'send';

/** Where an input was given, for headings and errors: `packet 2`, `lan0.pcap record 7`, `packets.txt:3`. */
export interface Place {
  readonly name: string;
  readonly file?: string;
  /** Number of the record of a capture or of the line of a text file, from 1. */
  readonly number?: number;
}

/** Which records of captures are wanted. */
export interface Selection {
  /** At most this many of each capture. */
  readonly count: number;
  /** Record numbers; undefined: all. */
  readonly numbers: readonly (readonly [number, number])[] | undefined;
}

/**
 * Reads one argument: a packet in the language, hex, a capture, or a text file with a packet on each line.
 * @throws {UserProblem} with place, word and what would be right.
 */
export function readInputs(argument: string, at: Entrance, count: number, selection: Selection): Input[] {
  if (isFileName(argument)) return readFile(argument, at, selection);
  const name = `packet ${count}`;
  return [{ kind: 'packet', from: { name }, at, packet: readPacket(argument, name, 2) }];
}

/** Packets have several words or are hex; anything else that could be a file is meant as one. */
function isFileName(argument: string): boolean {
  if (argument === '-') return true;
  if (/\s/.test(argument)) return existsSync(argument);
  if (/^(hex:)?(0x)?[0-9a-fA-F:]{20,}$/.test(argument)) return false;
  return existsSync(argument) || /[./]/.test(argument);
}

function readPacket(text: string, name: string, exit: 1 | 2): PacketText {
  try {
    return parsePacket(text);
  } catch (error) {
    if (!(error instanceof PacketLanguageError)) throw error;
    throw new UserProblem(`${name}, ${error.message}${pointAt(text, error)}`, exit);
  }
}

/** The text with its wrong word underlined; of a long one only the neighbourhood. */
function pointAt(text: string, { column, length }: PacketLanguageError): string {
  const from = Math.max(0, column - 60);
  const shown = text.slice(from, column + 40).replaceAll(/\s/g, ' ');
  const marks = '^'.repeat(Math.min(length, 40));
  return `\n  ${shown}\n  ${' '.repeat(column - 1 - from)}${marks}`;
}

function readFile(file: string, at: Entrance, selection: Selection): Input[] {
  const bytes = unpacked(file, readBinaryFile(file));
  if (looksLikeCapture(bytes)) return readCapture(file, bytes, at, selection);
  if (bytes.includes(0)) {
    throw new UserProblem(
      `${file}: neither a capture (pcap, pcapng) nor a text of packets, one on each line`,
    );
  }
  const lines = new TextDecoder().decode(bytes).split('\n');
  return lines.flatMap((line, index): Input[] => {
    const text = line.replace(/^\s*#.*$/, '').trim();
    if (text === '') return [];
    const name = `${file}:${index + 1}`;
    return [
      { kind: 'packet', from: { name, file, number: index + 1 }, at, packet: readPacket(text, name, 1) },
    ];
  });
}

function readCapture(file: string, bytes: Uint8Array, at: Entrance, selection: Selection): Input[] {
  const frames = readRecords(file, bytes);
  const odd = frames.find((frame) => !isKnownLinkType(frame.interface.linkType));
  if (odd) {
    const name = linkTypeName(odd.interface.linkType);
    throw new UserProblem(
      `${file}: record ${odd.number}: frames of ${name} cannot be read; ${knownLinkTypes()} can`,
    );
  }
  const { numbers, count } = selection;
  const wanted = frames.filter(
    ({ number }) => !numbers || numbers.some(([first, last]) => number >= first && number <= last),
  );
  if (numbers && wanted.length === 0) {
    throw new UserProblem(`${file}: has ${frames.length} records, none of them asked for by --packet`, 2);
  }
  return wanted.slice(0, count).map((frame) => ({
    kind: 'frame',
    from: { name: `${file} record ${frame.number}`, file, number: frame.number },
    at,
    frame,
    linkType: frame.interface.linkType,
  }));
}

function readRecords(file: string, bytes: Uint8Array): CaptureRecord[] {
  const records: CaptureRecord[] = [];
  const reader = new CaptureReader((record) => records.push(record));
  try {
    reader.read(bytes);
    reader.finish();
  } catch (error) {
    if (error instanceof CaptureError) throw new UserProblem(`${file}: ${error.message}`);
    throw error;
  }
  return records;
}

/** The most that a compressed file may unpack to, in bytes. */
const MOST_UNPACKED = 2 ** 30;

/** A gzip file's content (RFC 1952); other files as they are. */
function unpacked(file: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserProblem(`${file}: cannot be unpacked (gzip): ${reason}`);
  }
}

/** What a captured frame carries, behind its link header; undefined if nothing that a host could take. */
export function carriedBy(
  frame: CapturedFrame,
  linkType: number,
): { etherType: number; payload: Uint8Array; sourceMac: Uint8Array | undefined } | undefined {
  const found = linkPayload(linkType, frame.bytes);
  if (!found) return undefined;
  const payload = frame.bytes.subarray(found.offset);
  const { etherType, sourceMac: at } = found;
  return { etherType, payload, sourceMac: at < 0 ? undefined : frame.bytes.slice(at, at + 6) };
}
