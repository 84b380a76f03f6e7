import type { HookFunction } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { DROP, dropWithError, STOLEN, verdictKind } from '../netfilter/verdict.ts';
import type { Table } from './table.ts';

/** What routing depends on: IPv4's addresses and TOS; IPv6's addresses, hop limit, traffic class and flow label. */
class RouteKey {
  readonly #words = new Int32Array(10);
  #mark = 0;

  /** Remembers the packet; answers whether it is still the same as what was remembered before. */
  take(packet: Packet): boolean {
    const { bytes, network } = packet;
    const words = this.#words;
    let same = this.#mark === packet.mark;
    this.#mark = packet.mark;
    const put = (index: number, value: number): void => {
      if (words[index] !== value) same = false;
      words[index] = value;
    };
    const word = (at: number): number =>
      (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    if (packet.family === 4) {
      put(0, bytes[network + 1]!);
      put(1, word(network + 12));
      put(2, word(network + 16));
      return same;
    }
    put(0, word(network));
    put(1, bytes[network + 7]!);
    for (let i = 0; i < 8; i++) put(2 + i, word(network + 8 + i * 4));
    return same;
  }
}

/**
 * OUTPUT of the mangle table: if a rule has changed what the route depends on, the route is looked up again
 * (net/ipv4/netfilter/iptable_mangle.c ipt_mangle_out, net/ipv6/netfilter/ip6table_mangle.c ip6t_mangle_out).
 */
export function mangleOutput(table: Table, services: Services): HookFunction {
  const keys: RouteKey[] = [];
  let depth = 0;
  return (packet, state) => {
    // A target may send a packet of its own through here before this one is done.
    const mine = depth++;
    const key = keys[mine] ?? new RouteKey();
    keys[mine] = key;
    try {
      key.take(packet);
      const verdict = table.run(packet, state);
      const kind = verdictKind(verdict);
      if (kind === DROP || kind === STOLEN || key.take(packet)) return verdict;
      const error = services.reroute(packet);
      return error < 0 ? dropWithError(-error) : verdict;
    } finally {
      depth = mine;
    }
  };
}
