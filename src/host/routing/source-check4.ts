import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Interface } from '../interface.ts';
import type { Addresses4 } from './addresses4.ts';
import { FibResult4 } from './fib4.ts';
import { Flow4, SCOPE } from './route4.ts';
import type { Tables4 } from './tables4.ts';

const EINVAL = -22;
const EXDEV = -18;
const LOOPBACK_INDEX = 1;

/** What validating a source says: a negative error, or whether its sender is on the link (1) or not (0). */
type Validity = number;

/** The reverse path filter, and what else a source must be (net/ipv4/fib_frontend.c __fib_validate_source). */
export class SourceCheck4 {
  readonly #tables: Tables4;
  readonly #addresses: Addresses4;
  // A look-up of its own: it runs inside that of a packet.
  readonly #flow = new Flow4();
  readonly #result = new FibResult4();
  /** Realms that the last packet's source gives its route: of the way back, upside down (fib_combine_itag). */
  realm = 0;

  constructor(tables: Tables4, addresses: Addresses4) {
    this.#tables = tables;
    this.#addresses = addresses;
  }

  /**
   * May a packet from `source` come in by `device`? (fib_validate_source). A negative error number if not; 1 if the
   * sender is on the link, else 0.
   */
  validate(
    mark: number,
    source: number,
    destination: number,
    tos: number,
    outDevice: number,
    device: Interface,
  ): Validity {
    const filter = device.rpFilter;
    this.realm = 0;
    if (filter === 0 && !this.#tables.usesRealms && (device.index !== outDevice || !device.sendRedirects)) {
      if (device.acceptLocal) return 0;
      if (!this.#tables.customLocal && !this.#tables.rules.custom)
        return this.#addresses.isOwnAddress(source) ? EINVAL : 0;
    }
    const flow = this.#flow.reset();
    flow.inDevice = outDevice === 0 ? LOOPBACK_INDEX : outDevice;
    flow.destination = source;
    flow.source = destination;
    flow.tos = tos & 0xfc;
    flow.mark = device.srcValidMark ? mark : 0;
    const result = this.#result;
    if (this.#tables.lookup(flow, result) !== 0) return filter ? EXDEV : 0;
    const entry = result.entry!;
    if (entry.type !== ROUTE_TYPE.UNICAST && (entry.type !== ROUTE_TYPE.LOCAL || !device.acceptLocal))
      return EINVAL;
    this.realm = sourceRealm(result.hop!.realm, result.ruleRealm);
    const uses = entry.nextHops.some((hop) => hop.device === device.index);
    if (uses || (entry.type === ROUTE_TYPE.LOCAL && device.loopback)) {
      return result.hop!.scope >= SCOPE.HOST ? 1 : 0;
    }
    if (device.addresses4.length === 0) {
      this.realm = 0;
      return filter ? EXDEV : 0;
    }
    if (filter === 1) return EXDEV;
    flow.outDevice = device.index;
    if (this.#tables.lookup(flow, result) === 0 && result.entry!.type === ROUTE_TYPE.UNICAST) {
      return result.hop!.scope >= SCOPE.HOST ? 1 : 0;
    }
    return 0;
  }
}

function sourceRealm(hop: number, rule: number): number {
  return ((hop << 16 || rule << 16) | (rule >>> 16)) >>> 0;
}
