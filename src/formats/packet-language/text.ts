import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../wire/protocols.ts';
import { openPacket } from './open.ts';
import { buildFrame, buildNetwork, groupMac, type Macs, NO_MAC } from './packet.ts';
import { parseStack } from './parse.ts';
import { PacketLanguageError } from './problem.ts';
import { concat, readHex } from './values.ts';

/** A packet that was written. */
export interface PacketText {
  /** `frame` if the text gave the bytes of a whole frame. */
  readonly kind: 'packet' | 'frame';
  /** The frame, with MACs that the text leaves open taken from `macs`, or zeros. */
  frame(macs?: Partial<Macs>): Uint8Array;
  /** The IP packet, without link headers; undefined if there is none in it. */
  readonly packet: Uint8Array | undefined;
}

/**
 * Reads one packet: in the language, or as hex digits of a frame or of a bare IP packet (whichever the digits fit;
 * `frame hex:…` and `packet hex:…` decide).
 * @throws {PacketLanguageError}
 */
export function parsePacket(text: string): PacketText {
  const raw = rawBytes(text);
  if (raw) return raw;
  const stack = parseStack(text);
  const isIp = stack.family !== 0;
  return {
    kind: 'packet',
    frame: (macs = {}) => buildFrame(stack, macs),
    get packet(): Uint8Array | undefined {
      return isIp ? buildNetwork(stack) : undefined;
    },
  };
}

const FORCED = /^\s*(frame|packet)\s+(hex:)?([0-9a-fA-F:\s]*)$/;
const BARE = /^\s*(hex:)?((?:[0-9a-fA-F]{2}[:\s]*){14,}|0x[0-9a-fA-F]+|[0-9a-fA-F]{28,})\s*$/;

function rawBytes(text: string): PacketText | undefined {
  const forced = FORCED.exec(text);
  const bare = forced ? null : BARE.exec(text);
  const digits = (forced?.[3] ?? bare?.[2])?.replace(/^0x/, '').replace(/\s+/g, '');
  if (digits === undefined) return undefined;
  const column = text.search(/\S/) + 1;
  let bytes: Uint8Array;
  try {
    bytes = readHex(digits);
  } catch {
    throw new PacketLanguageError(
      column,
      text.trim().length,
      `${digits.length} hex digits: two make a byte, so their number must be even`,
    );
  }
  const isPacket = forced ? forced[1] === 'packet' : looksLikePacket(bytes);
  if (!isPacket) {
    const least = 14;
    if (bytes.length < least) {
      throw new PacketLanguageError(
        column,
        text.trim().length,
        `a frame of ${bytes.length} bytes: the least is ${least}`,
      );
    }
    return { kind: 'frame', frame: () => bytes, packet: undefined };
  }
  return {
    kind: 'packet',
    packet: bytes,
    frame(macs = {}): Uint8Array {
      return frameOf(bytes[0]! >> 4 === 6 ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4, bytes, macs);
    },
  };
}

/** A bare IP packet's length stands in its header; a frame whose first bytes look so is not to be expected. */
function looksLikePacket(bytes: Uint8Array): boolean {
  const version = bytes[0]! >> 4;
  if (version === 4) return bytes.length >= 20 && ((bytes[2]! << 8) | bytes[3]!) === bytes.length;
  return version === 6 && bytes.length >= 40 && ((bytes[4]! << 8) | bytes[5]!) + 40 === bytes.length;
}

/** A frame of a payload and its EtherType. A packet to a group goes to the group's hardware address. */
export function frameOf(etherType: number, payload: Uint8Array, macs: Partial<Macs> = {}): Uint8Array {
  const isIp = etherType === ETHERTYPE_IPV4 || etherType === ETHERTYPE_IPV6;
  const stack = isIp ? openPacket(payload, 'network') : undefined;
  const header = new Uint8Array(14);
  header.set((stack && groupMac(stack)) ?? macs.destination ?? NO_MAC, 0);
  header.set(macs.source ?? NO_MAC, 6);
  header.set([etherType >> 8, etherType & 255], 12);
  return concat(header, payload);
}
