import { concatBytes } from '../wire/bytes.ts';
import type { CapturedFrame } from './pcap.ts';
import { BLOCK, BYTE_ORDER } from './pcapng.ts';
import { OPTION, padded } from './pcapng-options.ts';

/** An interface of a capture that is written. */
export interface WrittenInterface {
  readonly name: string;
  /** LINKTYPE_* number; 1 (Ethernet) if left out. */
  readonly linkType?: number;
}

/** A frame to write. */
export interface WrittenRecord extends Pick<CapturedFrame, 'seconds' | 'nanoseconds' | 'bytes'> {
  /** Number of the interface in the header, from 0. */
  readonly interface: number;
  /** Length on the wire; that of the bytes if left out. */
  readonly length?: number;
  readonly direction?: 'in' | 'out';
  /** Shown by Wireshark with the packet. At most 65,535 bytes in UTF-8; what is longer is cut. */
  readonly comment?: string;
}

/** The beginning of a capture, little endian: a section and its interfaces, whose times are nanoseconds. */
export function pcapngHeader(interfaces: readonly WrittenInterface[]): Uint8Array {
  const section = new Uint8Array(16);
  const view = new DataView(section.buffer);
  view.setUint32(0, BYTE_ORDER, true);
  view.setUint16(4, 1, true);
  // The length of the section is not known: -1.
  section.fill(255, 8);
  return concatBytes(
    block(BLOCK.SECTION, section, option(OPTION.USER_APPLICATION, utf8('fivehooks')), END),
    ...interfaces.map(({ name, linkType = 1 }) => {
      const fixed = new Uint8Array(8);
      new DataView(fixed.buffer).setUint16(0, linkType, true);
      const options = [option(OPTION.NAME, utf8(name)), option(OPTION.RESOLUTION, Uint8Array.of(9)), END];
      return block(BLOCK.INTERFACE, fixed, ...options);
    }),
  );
}

/** One frame, as an enhanced packet block. */
export function pcapngRecord(record: WrittenRecord): Uint8Array {
  const { bytes, direction, comment } = record;
  const fixed = new Uint8Array(20 + padded(bytes.length));
  const view = new DataView(fixed.buffer);
  const time = BigInt(record.seconds) * 1_000_000_000n + BigInt(record.nanoseconds);
  view.setUint32(0, record.interface, true);
  view.setUint32(4, Number(time >> 32n), true);
  view.setUint32(8, Number(time & 0xffffffffn), true);
  view.setUint32(12, bytes.length, true);
  view.setUint32(16, Math.max(record.length ?? 0, bytes.length), true);
  fixed.set(bytes, 20);
  const options: Uint8Array[] = [];
  if (comment !== undefined) options.push(option(OPTION.COMMENT, utf8(comment)));
  if (direction) options.push(option(OPTION.FLAGS, Uint8Array.of(direction === 'in' ? 1 : 2, 0, 0, 0)));
  if (options.length > 0) options.push(END);
  return block(BLOCK.ENHANCED, fixed, ...options);
}

const END = new Uint8Array(4);
const MOST_OPTION = 65_535;

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + padded(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  bytes.set(value, 4);
  return bytes;
}

function block(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 12);
  const ends = new Uint8Array(12);
  const view = new DataView(ends.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  view.setUint32(8, length, true);
  return concatBytes(ends.subarray(0, 8), ...parts, ends.subarray(8));
}

/** UTF-8 bytes, cut between characters where they are too many for an option. */
function utf8(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= MOST_OPTION) return bytes;
  let end = MOST_OPTION;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}
