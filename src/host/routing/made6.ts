import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import { typeError } from './route4.ts';
import type { FibEntry6, NextHop6, Route6, RouteKind6 } from './route6.ts';

const LOOPBACK_INDEX = 1;
const NO_METRICS: Readonly<Record<string, number>> = {};

/** A decision, made once and used for every packet that it fits. */
export class MadeRoute6 implements Route6 {
  readonly kind: RouteKind6;
  readonly error: number;
  readonly type: number;
  readonly outDevice: number;
  readonly device: number;
  readonly gateway: Uint8Array | undefined;
  readonly entry: FibEntry6 | undefined;
  readonly realm = 0;
  readonly #host: Host;
  readonly #learnedMtu: number;

  constructor(
    host: Host,
    entry: FibEntry6 | undefined,
    hop: NextHop6 | undefined,
    kind: RouteKind6,
    error: number,
    gateway: Uint8Array | undefined,
    learnedMtu = 0,
  ) {
    this.#host = host;
    this.entry = entry;
    this.kind = kind;
    this.error = error;
    this.type = entry?.type ?? (error === 0 ? ROUTE_TYPE.UNICAST : ROUTE_TYPE.UNREACHABLE);
    this.device = hop?.device ?? LOOPBACK_INDEX;
    // Local routes lead to lo, whichever interface has the address (ip6_rt_get_dev_rcu).
    this.outDevice = kind === 'deliver' ? LOOPBACK_INDEX : this.device;
    this.gateway = gateway ?? hop?.gateway;
    this.#learnedMtu = learnedMtu;
  }

  /** The decision that a route and one of its next hops make (ip6_rt_init_dst). */
  static of(
    host: Host,
    entry: FibEntry6,
    hop: NextHop6 | undefined,
    learnedMtu: number,
    gateway: Uint8Array | undefined,
  ): Route6 {
    return new MadeRoute6(host, entry, hop, kindOf(entry), typeError(entry.type), gateway, learnedMtu);
  }

  get metrics(): Readonly<Record<string, number>> {
    return this.entry?.metrics ?? NO_METRICS;
  }

  get mtu(): number {
    if (this.#learnedMtu !== 0) return this.#learnedMtu;
    return this.metrics.mtu ?? this.#host.interfaces.byIndex(this.outDevice)?.mtu6 ?? 1280;
  }

  get mtuLocked(): boolean {
    return this.entry?.mtuLocked ?? false;
  }

  get hopLimit(): number {
    return this.metrics.hoplimit ?? 0;
  }

  get prefixLength(): number {
    return this.entry?.prefixLength ?? 128;
  }

  get source(): Uint8Array | undefined {
    return this.entry?.source;
  }

  get why(): string {
    const { entry } = this;
    if (!entry) return this.error === 0 ? 'on the link of the interface' : 'no route to the destination';
    const table = entry.table === 255 ? 'local' : entry.table === 254 ? 'main' : `table ${entry.table}`;
    const kind = TYPE_NAMES.get(entry.type) ?? '';
    const to = entry.prefixLength === 0 ? 'default' : `${text(entry.destination)}/${entry.prefixLength}`;
    const via = this.gateway ? ` via ${text(this.gateway)}` : '';
    const device = this.#host.interfaces.nameOf(this.device);
    return `${table}: ${kind}${to}${via}${device ? ` dev ${device}` : ''}`;
  }
}

const TYPE_NAMES = new Map<number, string>([
  [ROUTE_TYPE.LOCAL, 'local '],
  [ROUTE_TYPE.ANYCAST, 'anycast '],
  [ROUTE_TYPE.MULTICAST, 'multicast '],
  [ROUTE_TYPE.BLACKHOLE, 'blackhole '],
  [ROUTE_TYPE.UNREACHABLE, 'unreachable '],
  [ROUTE_TYPE.PROHIBIT, 'prohibit '],
]);

function kindOf(entry: FibEntry6): RouteKind6 {
  switch (entry.type) {
    case ROUTE_TYPE.LOCAL:
    case ROUTE_TYPE.ANYCAST:
      return 'deliver';
    case ROUTE_TYPE.BLACKHOLE:
      return 'blackhole';
    case ROUTE_TYPE.PROHIBIT:
      return 'prohibit';
    case ROUTE_TYPE.UNREACHABLE:
      return 'unreachable';
    default:
      return entry.destination[0] === 0xff ? 'multicast' : 'forward';
  }
}

/** The address with its longest run of zeros shortened (RFC 5952). */
function text(address: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((address[i]! << 8) | address[i + 1]!).toString(16));
  let best = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let j = i;
    while (j < 8 && groups[j] === '0') j++;
    if (j - i > length) {
      best = i;
      length = j - i;
    }
  }
  if (best < 0) return groups.join(':');
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + length).join(':')}`;
}
