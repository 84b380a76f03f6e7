import { transportOf } from '../conntrack/transport.ts';
import { get16, get32 } from '../wire/bytes.ts';
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IGMP, IPPROTO_TCP } from '../wire/protocols.ts';

/** Packets that are remembered. */
const REMEMBERED = 8192;
/** Bytes of a payload that are compared. */
const COMPARED = 32;

/**
 * Knows packets again that a machine forwarded: of a packet that leaves it a capture may hold both ways. Addresses, ports,
 * TTL and checksums may have changed, so what is compared is what forwarding and NAT leave as it is.
 */
export class Copies {
  readonly #ring = new Float64Array(REMEMBERED);
  readonly #counts = new Map<number, number>();
  #next = 0;

  /** Remembers an IP packet; of many the last ones. */
  note(packet: Uint8Array): void {
    const identity = identityOf(packet);
    if (identity === undefined) return;
    const old = this.#ring[this.#next]!;
    const left = (this.#counts.get(old) ?? 0) - 1;
    if (left > 0) this.#counts.set(old, left);
    else this.#counts.delete(old);
    this.#ring[this.#next] = identity;
    this.#next = (this.#next + 1) % REMEMBERED;
    this.#counts.set(identity, (this.#counts.get(identity) ?? 0) + 1);
  }

  /** Was this packet, or one that NAT made it of, noted before? */
  has(packet: Uint8Array): boolean {
    const identity = identityOf(packet);
    return identity !== undefined && this.#counts.has(identity);
  }
}

/** What stays the same of a packet that is forwarded, as a number from 1; undefined if it is no IP packet. */
function identityOf(packet: Uint8Array): number | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4 ? packet.length < 20 : version !== 6 || packet.length < 40) return undefined;
  const length = version === 4 ? get16(packet, 2) : get16(packet, 4) + 40;
  const end = Math.min(length, packet.length);
  let hash = mix(0x811c9dc5, version === 4 ? (length << 16) | get16(packet, 4) : length);
  const transport = transportOf(packet, 0, end, version === 4 ? 4 : 6);
  let from = version === 4 ? (packet[0]! & 15) * 4 : 40;
  if (transport) {
    hash = mix(hash, transport.protocol);
    from = transport.offset + 8;
    if (transport.protocol === IPPROTO_TCP && transport.offset + 20 <= end) {
      hash = mix(mix(hash, get32(packet, transport.offset + 4)), get32(packet, transport.offset + 8));
      from = transport.offset + (packet[transport.offset + 12]! >> 4) * 4;
    }
  }
  const until = Math.min(end, from + COMPARED);
  for (let at = from; at < until; at++) hash = mix(hash, packet[at]!);
  return (hash >>> 0) + 1;
}

function mix(hash: number, value: number): number {
  let mixed = Math.imul(hash ^ value, 0x9e3779b1);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x85ebca6b) ^ (mixed >>> 13);
}

/** ICMP errors; of ICMPv6 errors, listener reports and neighbour discovery. */
const KERNEL_ICMP = new Set([3, 4, 5, 11, 12]);
const KERNEL_ICMPV6 = new Set([1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 137, 143]);

/** Is it a packet that the kernel makes by itself, and no process: the host makes its own. */
export function isOfKernel(packet: Uint8Array): boolean {
  const transport = transportOf(packet, 0, packet.length, packet[0]! >> 4 === 6 ? 6 : 4);
  if (!transport) return false;
  const { protocol, offset } = transport;
  if (protocol === IPPROTO_IGMP) return true;
  if (protocol === IPPROTO_ICMP) return KERNEL_ICMP.has(packet[offset]!);
  return protocol === IPPROTO_ICMPV6 && KERNEL_ICMPV6.has(packet[offset]!);
}
