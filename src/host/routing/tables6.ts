import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { ipv6Words, samePrefix6 } from '../../wire/address.ts';
import { sameBytes } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import { Fib6 } from './fib6.ts';
import { choose6 } from './multipath6.ts';
import { TABLE } from './route4.ts';
import type { FibEntry6, Flow6, NextHop6 } from './route6.ts';
import { type PolicyRule, PolicyRules } from './rules.ts';

const ENETUNREACH = -101;
const EAGAIN = -11;

/** The routing tables of IPv6 and the rules that choose among them (net/ipv6/ip6_fib.c, fib6_rules.c). */
export class Tables6 {
  readonly rules: PolicyRules;
  /** What the last look-up found, and the next hop that it chose. */
  found: FibEntry6 | undefined = undefined;
  hop: NextHop6 | undefined = undefined;
  readonly #host: Host;
  readonly #tables = new Map<number, Fib6>();
  #byDevice = false;
  #changes = 0;
  readonly #source = new Int32Array(4);
  readonly #destination = new Int32Array(4);

  constructor(host: Host) {
    this.#host = host;
    this.rules = new PolicyRules(4, (index) => host.interfaces.nameOf(index));
  }

  /** Grows with every change of rules, and when a route goes; what was decided before is over then. */
  get generation(): number {
    return this.#changes + this.rules.generation;
  }

  /** A table, made if it is not there yet. */
  table(id: number): Fib6 {
    let table = this.#tables.get(id);
    if (!table) {
      table = new Fib6(id);
      this.#tables.set(id, table);
    }
    return table;
  }

  tables(): readonly Fib6[] {
    return [...this.#tables.values()].sort((a, b) => a.id - b.id);
  }

  insert(entry: FibEntry6): void {
    this.table(entry.table).insert(entry);
  }

  remove(entry: FibEntry6): void {
    this.#changes++;
    this.#tables.get(entry.table)?.remove(entry);
  }

  /** As {@link find}, but as rt6_device_match chooses: the first route by `flow.outDevice`, whatever its metric. */
  matchDevice(flow: Flow6, strict: boolean): number {
    this.#byDevice = true;
    const error = this.find(flow, flow.outDevice, strict);
    this.#byDevice = false;
    return error;
  }

  /** fib6_rule_lookup: leaves what it found in `found` and `hop`. */
  find(flow: Flow6, device: number, strict: boolean): number {
    this.found = undefined;
    this.hop = undefined;
    if (!this.rules.custom) {
      if (this.#ask(TABLE.LOCAL, flow, device, strict) || this.#ask(TABLE.MAIN, flow, device, strict))
        return 0;
      return ENETUNREACH;
    }
    ipv6Words(flow.source, 0, this.#source);
    ipv6Words(flow.destination, 0, this.#destination);
    const answer = this.rules.lookup(flow, this.#source, this.#destination, (rule: PolicyRule) => {
      if (!this.#ask(rule.table, flow, device, strict)) return EAGAIN;
      if (rule.suppressPrefixLength >= 0 && this.found!.prefixLength <= rule.suppressPrefixLength) {
        this.found = undefined;
        return EAGAIN;
      }
      return 0;
    });
    return answer === -3 ? ENETUNREACH : answer;
  }

  /** fib6_table_lookup: the best of the routes of the longest prefix that has one that can be used. */
  #ask(table: number, flow: Flow6, device: number, strict: boolean): boolean {
    const fib = this.#tables.get(table);
    if (!fib) return false;
    if (this.#byDevice) return this.#askByDevice(fib, flow, device, strict);
    let best: FibEntry6 | undefined;
    let bestHop: NextHop6 | undefined;
    let bestScore = -1;
    let ended = false;
    fib.walk(flow.destination, 0, (entry) => {
      if (best && (entry.prefixLength !== best.prefixLength || entry.metric !== best.metric)) return true;
      if (entry.type === ROUTE_TYPE.THROW) {
        ended = best === undefined;
        return true;
      }
      if (entry.fromLength > 0 && !samePrefix6(entry.from, 0, flow.source, 0, entry.fromLength)) return false;
      if (entry.nextHops.length === 0) {
        if (!best) best = entry;
        return false;
      }
      if (
        entry.type === ROUTE_TYPE.ANYCAST &&
        !this.#host.interfaces.byIndex(entry.nextHops[0]!.device)?.forwarding6
      ) {
        return false;
      }
      for (const hop of entry.nextHops) {
        if (hop.dead) continue;
        const fits = device !== 0 && hop.device === device;
        if (!fits && strict && device !== 0) continue;
        const score = fits ? 2 : 0;
        if (score > bestScore) {
          best = entry;
          bestHop = hop;
          bestScore = score;
        }
      }
      return false;
    });
    if (ended || !best) return false;
    if (best.nextHops.length > 1 && !(strict && device !== 0)) {
      bestHop = choose6(this.#host, best.nextHops, flow);
    }
    this.found = best;
    this.hop = bestHop;
    return true;
  }

  /** ip6_pol_route_lookup: among the routes of the longest prefix that has one to answer with. */
  #askByDevice(fib: Fib6, flow: Flow6, device: number, strict: boolean): boolean {
    let first: FibEntry6 | undefined;
    let match: FibEntry6 | undefined;
    let hop: NextHop6 | undefined;
    fib.walk(flow.destination, 0, (entry) => {
      if (first && entry.prefixLength !== first.prefixLength) return true;
      if (entry.fromLength > 0 && !samePrefix6(entry.from, 0, flow.source, 0, entry.fromLength)) return false;
      const usable = entry.nextHops.find(
        (one) =>
          !one.dead && (device !== 0 ? one.device === device : this.#hasLinkLocal(one.device, flow.source)),
      );
      if (usable) {
        match = entry;
        hop = usable;
        return true;
      }
      if (
        !(strict && device !== 0) &&
        (entry.nextHops.length === 0 || entry.nextHops.some((one) => !one.dead))
      ) {
        first ??= entry;
      }
      return false;
    });
    const found = match ?? first;
    if (!found || found.type === ROUTE_TYPE.THROW) return false;
    this.found = found;
    this.hop = hop ?? found.nextHops.find((one) => !one.dead);
    return true;
  }

  /** Without an interface to look for, a source that means something only on its own one says which (ipv6_chk_addr). */
  #hasLinkLocal(device: number, source: Uint8Array): boolean {
    if (source[0] !== 0xfe || (source[1]! & 0xc0) !== 0x80) return false;
    const own = this.#host.interfaces.byIndex(device)?.addresses6 ?? [];
    return own.some(({ bytes }) => sameBytes(bytes, 0, source, 0, 16));
  }
}
