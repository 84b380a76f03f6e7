import type { Packet } from '../../netfilter/packet.ts';
import type { Host } from '../host.ts';
import type { Flow4, NextHop4 } from './route4.ts';

/**
 * Chooses one of several next hops by a hash of the flow, so that a flow keeps its path and the shares follow the
 * weights (net/ipv4/fib_semantics.c fib_select_multipath). `net.ipv4.fib_multipath_hash_policy`: 0 addresses, 1 addresses,
 * protocol and ports, 2 as 0 but of the inner packet.
 */
export class MultipathHash {
  readonly #host: Host;
  #seed = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Index of the chosen next hop. */
  choose(hops: readonly NextHop4[], packet: Packet | undefined, flow: Flow4): number {
    if (this.#seed === 0) this.#seed = this.#host.services.random() | 1;
    const ports = this.#host.sysctl.number('net/ipv4/fib_multipath_hash_policy') === 1;
    let hash = this.#seed;
    if (!ports && packet && isIcmpError(packet)) {
      // An error goes the way of the packets that it is about, which went the other way round.
      const inner = packet.transport + 8;
      hash = mix(mix(hash, read32(packet.bytes, inner + 16)), read32(packet.bytes, inner + 12));
    } else {
      hash = mix(mix(hash, flow.source), flow.destination);
    }
    if (ports) hash = mix(mix(hash, flow.protocol), (flow.sourcePort << 16) | flow.destinationPort);
    return this.#pick(hops, finish(hash) >>> 1);
  }

  /** The first whose share of the 31-bit range reaches up to `hash`. */
  #pick(hops: readonly NextHop4[], hash: number): number {
    let total = 0;
    for (const hop of hops) if (!hop.dead) total += hop.weight;
    let sum = 0;
    let last = 0;
    for (let i = 0; i < hops.length; i++) {
      const hop = hops[i]!;
      if (hop.dead) continue;
      sum += hop.weight;
      last = i;
      if (hash <= Math.round((sum * 0x80000000) / total) - 1) return i;
    }
    return last;
  }
}

/** One round of MurmurHash3. */
function mix(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** An ICMP error that quotes at least an IP header. */
function isIcmpError({ bytes, network, transport, end }: Packet): boolean {
  if (bytes[network + 9] !== 1 || transport + 28 > end) return false;
  const type = bytes[transport]!;
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}

function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
