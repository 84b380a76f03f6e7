import type { ErrnoName } from '../../netfilter/constants.ts';
import type { Host } from '../host.ts';
import { Peers } from '../ipv4/peers.ts';
import type { Flow6 } from '../routing/route6.ts';
import type { Setting } from '../sysctl.ts';

const LARGEST_TYPE = 255;

/** `net.ipv6.icmp.ratemask`: the ICMPv6 types that are limited, as a list of ranges (proc_do_large_bitmap). */
class TypesSetting implements Setting {
  readonly limited = new Uint8Array(LARGEST_TYPE + 1);

  constructor(text: string) {
    this.write(text);
  }

  read(): string {
    const ranges: string[] = [];
    for (let type = 0; type <= LARGEST_TYPE; type++) {
      if (this.limited[type] === 0) continue;
      const from = type;
      while (this.limited[type + 1] === 1) type++;
      ranges.push(from === type ? `${from}` : `${from}-${type}`);
    }
    return ranges.join(',');
  }

  number(): number {
    return Number.NaN;
  }

  write(text: string): ErrnoName | undefined {
    const words = text.trim() === '' ? [] : text.trim().split(/[,\s]+/);
    const types = new Uint8Array(LARGEST_TYPE + 1);
    for (const word of words) {
      const found = /^(\d+)(?:-(\d+))?$/.exec(word);
      const from = Number(found?.[1] ?? Number.NaN);
      const to = Number(found?.[2] ?? from);
      if (!(from <= to && to <= LARGEST_TYPE)) return 'EINVAL';
      types.fill(1, from, to + 1);
    }
    this.limited.set(types);
    return undefined;
  }
}

/** Which ICMPv6 messages are limited, and how far (net/ipv6/icmp.c icmpv6_mask_allow, icmpv6_xrlim_allow). */
export class RateLimits6 {
  readonly #host: Host;
  readonly #peers: Peers;
  /** All errors but "packet too big", without which path MTU discovery would break. */
  readonly #types = new TypesSetting('0-1,3-127');
  #seed = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#peers = new Peers(() => host.timers.now);
    host.sysctl.define('net/ipv6/icmp/ratemask', this.#types);
  }

  /** May a message of this type be sent at all now? Answers LIMITED if {@link allowsPeer} is to be asked, too. */
  check(type: number, loopback: boolean): number {
    if (this.#types.limited[type] !== 1) return UNLIMITED;
    // From a loopback interface the global limit is not asked for, and then neither is the other.
    if (loopback) return UNLIMITED;
    const { icmp, settings } = this.#host.ipv4;
    return icmp.globalLimit.allow(settings.icmp_msgs_per_sec, settings.icmp_msgs_burst) ? LIMITED : REFUSED;
  }

  /** May a message go to the destination of `flow`? What stays on this host is not limited (icmpv6_xrlim_allow). */
  allowsPeer(flow: Flow6): boolean {
    const host = this.#host;
    const route = host.routing6.lookup(flow);
    if (typeof route === 'number' || route.error !== 0) return false;
    if (!host.interfaces.byIndex(route.outDevice)?.loopback) {
      if (!this.peerAllows(flow.destination, host.ipv6.settings.net['icmp/ratelimit'])) return false;
    }
    host.ipv4.icmp.globalLimit.consume(host.services.random());
    return true;
  }

  /** May another message go to this host? They may be `milliseconds` apart, six at once (inet_peer_xrlim_allow). */
  peerAllows(address: Uint8Array, milliseconds: number): boolean {
    return this.#peers.allow(this.#key(address), milliseconds);
  }

  /** A number for an address; that two share one is unlikely, and only makes them share a limit. */
  #key(address: Uint8Array): number {
    this.#seed ||= this.#host.services.random() | 1;
    let low = this.#seed;
    let high = ~this.#seed;
    for (let i = 0; i < 16; i++) {
      low = Math.imul(low ^ address[i]!, 0x01000193);
      high = Math.imul(high ^ address[15 - i]!, 0x85ebca6b) ^ (high >>> 13);
    }
    return (low >>> 0) * 0x200000 + (high >>> 11);
  }
}

/** What {@link RateLimits6.check} answers. */
export const REFUSED = 0;
export const UNLIMITED = 1;
export const LIMITED = 2;
