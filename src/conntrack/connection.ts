import type { Packet } from '../netfilter/packet.ts';
import type { ConnectionHelper } from './helper.ts';
import type { SequenceAdjustment } from './sequence.ts';
import { type Direction, Handle, ORIGINAL, REPLY } from './tuple.ts';

/** What a packet is to its connection: the kernel's ctinfo. Reply directions are the value + 3. */
export const INFO_ESTABLISHED = 0;
export const INFO_RELATED = 1;
export const INFO_NEW = 2;
export const INFO_ESTABLISHED_REPLY = 3;
export const INFO_RELATED_REPLY = 4;
export const INFO_UNTRACKED = 7;

/** Direction that a ctinfo tells. */
export function infoDirection(info: number): Direction {
  return info >= INFO_ESTABLISHED_REPLY ? REPLY : ORIGINAL;
}

/** Bits of a connection's status (include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const STATUS = {
  /** An expectation foresaw it. */
  EXPECTED: 1 << 0,
  /** Packets went both ways. */
  SEEN_REPLY: 1 << 1,
  /** Never to be dropped early. */
  ASSURED: 1 << 2,
  /** In the table: its first packet has left the host. */
  CONFIRMED: 1 << 3,
  /** Needs its source translated (in the original direction). */
  SRC_NAT: 1 << 4,
  DST_NAT: 1 << 5,
  /** TCP sequence numbers need adjusting. */
  SEQ_ADJUST: 1 << 6,
  /** Source translation has been decided. */
  SRC_NAT_DONE: 1 << 7,
  DST_NAT_DONE: 1 << 8,
  /** Removed, or about to be. */
  DYING: 1 << 9,
  /** Its timeout does not change any more. */
  FIXED_TIMEOUT: 1 << 10,
  /** No connection, but a set of wishes that the CT target gave a packet. */
  TEMPLATE: 1 << 11,
  /** Lost a race for its original tuple, and is found by its answers alone. */
  NAT_CLASH: 1 << 12,
  /** A helper was named by a rule. */
  HELPER: 1 << 13,
  NAT_MASK: (1 << 4) | (1 << 5),
  NAT_DONE_MASK: (1 << 7) | (1 << 8),
} as const;

/** The zones of a connection or template. */
export interface Zone {
  /** 0–65535; 0 is the default zone. */
  readonly id: number;
  /** Directions it holds for: bit 0 original, bit 1 reply. */
  readonly directions: number;
  /** The packet's mark is the id (CT --zone mark). */
  readonly fromMark: boolean;
}

export const DEFAULT_ZONE: Zone = { id: 0, directions: 3, fromMark: false };

/** The zone's id in a direction: the default one's where it does not hold (nf_ct_zone_id). */
export function zoneId(zone: Zone, direction: Direction): number {
  return (zone.directions >> direction) & 1 ? zone.id : 0;
}

/** Packets and bytes of one direction. Exact up to 2^53. */
export interface DirectionCount {
  packets: number;
  bytes: number;
}

/** What NAT keeps with a connection (struct nf_conn_nat and the bysource list). */
export interface Translation {
  /** Interface whose address masquerading took; 0 for none. */
  masqueradeDevice: number;
  /** Next connection with the same source, for reuse of its mapping. Nat's own. */
  nextBySource: Connection | undefined;
  /** Whether it lies in nat's list by source, and under which hash. */
  listed: boolean;
  sourceHash: number;
}

/** What a proxy of handshakes keeps with a connection (struct nf_conn_synproxy). Numbers are modulo 2^32. */
export class ProxyState {
  /** The sequence number that the client was answered with. */
  initialSequence = 0;
  /** The timestamp that it was answered with. */
  initialStamp = 0;
  /** By how much the server's timestamps are ahead of it; 0: not known, or there are none. */
  stampOffset = 0;
}

/** What a rule's CT target asked of connections: on templates, copied to the connection. */
export interface Wishes {
  /** Masks of events to tell (1 << IPCT_…), undefined for all. */
  readonly events: number | undefined;
  readonly expectationEvents: number | undefined;
}

let serial = 0;

/**
 * A tracked connection (struct nf_conn). Plain objects of one shape, linked into the table's buckets by their two
 * handles; what few connections have hangs behind an optional field.
 */
export class Connection {
  readonly handles: readonly [Handle, Handle];
  readonly original: Handle;
  readonly reply: Handle;
  /** Unique while the process lives; what `conntrack -o id` shows is {@link id} by the table's own key. */
  readonly serial: number;
  /** Bits of {@link STATUS}. */
  status = 0;
  /** When it expires, microseconds of the host's clock; before confirmation: how long it may live then. */
  timeout = 0;
  mark = 0;
  zone: Zone = DEFAULT_ZONE;
  /** The connection whose helper foresaw this one. */
  master: Connection | undefined = undefined;
  /** The protocol tracker's small state: TCP's or SCTP's state, UDP's stream time. 0 at first. */
  state = 0;
  /** The protocol tracker's larger state; undefined for those that need none. Only the tracker looks inside. */
  protocolData: object | undefined = undefined;
  /** Helper and what belongs to it. */
  help: ConnectionHelper | undefined = undefined;
  sequence: readonly [SequenceAdjustment, SequenceAdjustment] | undefined = undefined;
  /** 128 bits, bit n is label n; undefined where no rule uses labels. */
  labels: Uint32Array | undefined = undefined;
  /** Packets and bytes by direction, while net.netfilter.nf_conntrack_acct was on at its start. */
  counts: readonly [DirectionCount, DirectionCount] | undefined = undefined;
  /** Wall clock at confirmation and end, microseconds since 1970; 0 if not taken (net.netfilter.nf_conntrack_timestamp). */
  started = 0;
  stopped = 0;
  translation: Translation | undefined = undefined;
  wishes: Wishes | undefined = undefined;
  /** A SYNPROXY rule stands between the two sides; on a template: for connections made of it. */
  proxy: ProxyState | undefined = undefined;
  /** Timeouts of its own by a CT --timeout policy; undefined: the protocol's. */
  timeouts: readonly number[] | undefined = undefined;
  /** Events (1 << number of EVENTS) that happened to it and were not told yet. */
  pendingEvents = 0;
  /** Slot of the expiry wheel and place within it; the wheel's own. */
  wheel = -1;
  wheelPlace = 0;

  constructor() {
    this.original = new Handle(this, ORIGINAL);
    this.reply = new Handle(this, REPLY);
    this.handles = [this.original, this.reply];
    this.serial = ++serial;
  }

  get confirmed(): boolean {
    return (this.status & STATUS.CONFIRMED) !== 0;
  }

  get dying(): boolean {
    return (this.status & STATUS.DYING) !== 0;
  }

  get isTemplate(): boolean {
    return (this.status & STATUS.TEMPLATE) !== 0;
  }

  setZone(zone: Zone): void {
    this.zone = zone;
    this.original.zone = zoneId(zone, ORIGINAL);
    this.reply.zone = zoneId(zone, REPLY);
  }
}

/** The connection of a packet: undefined if it has none, is untracked, or only carries a template. */
export function connectionOf(packet: Packet): Connection | undefined {
  const connection = packet.connection;
  return connection instanceof Connection && (connection.status & STATUS.TEMPLATE) === 0
    ? connection
    : undefined;
}

/** Makes a packet one of a connection, or of none. (nf_ct_set) */
export function setConnection(packet: Packet, connection: Connection | undefined, info: number): void {
  packet.connection = connection;
  packet.connectionInfo = info;
}
