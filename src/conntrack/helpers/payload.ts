import type { Packet } from '../../netfilter/packet.ts';
import { TCP_LENGTH, tcpHeaderLength } from '../../wire/tcp.ts';

/** Where a TCP segment's data begins; -1 if its header is cut off or it has no data. */
export function tcpPayload(packet: Packet, offset: number): number {
  const { bytes, end } = packet;
  if (offset + TCP_LENGTH > end) return -1;
  const data = offset + tcpHeaderLength(bytes, offset);
  return data < end ? data : -1;
}

/** A byte in lower case, if it is an ASCII letter. */
export function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte | 32 : byte;
}

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

/** A letter of ISO 8859-1, as the kernel's own table of characters has it (lib/ctype.c). */
export function isLetter(byte: number): boolean {
  const small = byte | 32;
  return (small >= 97 && small <= 122) || (byte >= 0xc0 && byte !== 0xd7 && byte !== 0xf7);
}

/** Whether the bytes at `at` spell `text`, which is ASCII. False if they end before `end` does not allow it. */
export function spells(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** As {@link spells}, whether the letters are small or capital; `text` is in lower case. */
export function spellsAnyCase(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (lower(bytes[at + i]!) !== text.charCodeAt(i)) return false;
  return true;
}

/** Where `text` is found first from `from` on, wholly before `to`; -1 if nowhere. */
export function findText(bytes: Uint8Array, from: number, to: number, text: string): number {
  for (let at = from; at + text.length <= to; at++) if (spells(bytes, at, to, text)) return at;
  return -1;
}
