import type { Family } from '../netfilter/constants.ts';
import { INPUT, OUTPUT, POSTROUTING, PREROUTING, PRIORITY } from '../netfilter/constants.ts';
import type { HookState, Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { ACCEPT, DROP, type Verdict } from '../netfilter/verdict.ts';
import { resolveClash } from './clash.ts';
import {
  Connection,
  connectionOf,
  DEFAULT_ZONE,
  INFO_ESTABLISHED,
  INFO_ESTABLISHED_REPLY,
  INFO_NEW,
  INFO_RELATED,
  INFO_RELATED_REPLY,
  INFO_UNTRACKED,
  infoDirection,
  ProxyState,
  STATUS,
  setConnection,
  type Zone,
  zoneId,
} from './connection.ts';
import { ConnectionEvents, EVENT } from './events.ts';
import { Expectations } from './expectations.ts';
import { Expiry } from './expiry.ts';
import { TupleHash } from './hash.ts';
import { ConnectionHelper } from './helper.ts';
import { Helpers } from './helpers/index.ts';
import { findIcmpConnection } from './icmp-error.ts';
import { runHelper } from './run-helper.ts';
import { ConntrackSettings, type SettingCell } from './settings.ts';
import { Statistics } from './statistics.ts';
import { SynProxy } from './synproxy/proxy.ts';
import { ConnectionTable } from './table.ts';
import { AGAIN, DROPPED, TRACKED, type Tracker } from './tracker.ts';
import { TRACKERS } from './trackers.ts';
import { transportOf } from './transport.ts';
import { type Handle, ORIGINAL, REPLY, Tuple } from './tuple.ts';

const PROTOCOL_ICMP = 1;
const PROTOCOL_ICMPV6 = 58;

/** Name of the hook function that finds a packet's connection, and of that which confirms it. */
export const CONNTRACK = 'conntrack';
const CONFIRM = 'conntrack confirm';

/** What connection tracking needs besides hooks and services. */
export interface ConntrackParts {
  readonly hooks: Hooks;
  readonly services: Services;
  /** Switches defragmentation on for a family; the answer takes that back. */
  readonly defragment: (family: Family) => () => void;
}

/**
 * Connection tracking (net/netfilter/nf_conntrack_core.c). It watches nothing until somebody needs it: see
 * {@link acquire}.
 */
export class Conntrack {
  readonly services: Services;
  readonly settings = new ConntrackSettings();
  readonly statistics = new Statistics();
  readonly events = new ConnectionEvents();
  readonly expectations: Expectations;
  readonly helpers: Helpers;
  /** What SYNPROXY rules share. */
  readonly synProxy: SynProxy;
  readonly hash: TupleHash;
  readonly table: ConnectionTable;
  readonly #parts: ConntrackParts;
  readonly #expiry: Expiry;
  readonly #trackers: (Tracker | undefined)[] = new Array<Tracker | undefined>(256).fill(undefined);
  readonly #generic: Tracker;
  readonly #max: SettingCell;
  readonly #accounting: SettingCell;
  readonly #timestamps: SettingCell;
  /** Whether a packet's checksum is checked before it is tracked. */
  readonly checksum: SettingCell;
  /** Protocol whose invalid packets are logged; 0 none, 255 all. */
  readonly logInvalid: SettingCell;
  readonly #users: Record<Family, { count: number; release: (() => void)[] }> = {
    4: { count: 0, release: [] },
    6: { count: 0, release: [] },
  };
  readonly #tuple = new Tuple();
  readonly #reply = new Tuple();
  /** All connections in the table, in the order of their confirmation. */
  readonly #connections = new Set<Connection>();
  /** How many rules use connection labels. */
  labelUsers = 0;
  /** Called when a connection has come into the table: NAT finds it by its source from then on. */
  onInsert: ((connection: Connection) => void) | undefined = undefined;
  /** Called when a connection has left the table: NAT forgets it, too. */
  onRemove: ((connection: Connection) => void) | undefined = undefined;

  constructor(parts: ConntrackParts) {
    this.#parts = parts;
    this.services = parts.services;
    this.hash = new TupleHash(parts.services.random);
    this.table = new ConnectionTable(this.hash);
    this.#expiry = new Expiry(parts.services.timers, (connection) => this.remove(connection));
    const { settings } = this;
    // As on a machine with 16 GiB; this table grows with what is in it.
    settings.define('nf_conntrack_buckets', 262144, { readOnly: true });
    settings.define('nf_conntrack_count', 0, { readOnly: true, read: () => this.count });
    this.#max = settings.define('nf_conntrack_max', 262144, { min: 0 });
    this.#accounting = settings.flag('acct', false);
    this.#timestamps = settings.flag('timestamp', false);
    this.checksum = settings.flag('checksum', true);
    this.logInvalid = settings.define('nf_conntrack_log_invalid', 0, { min: 0, max: 255 });
    settings.define('nf_conntrack_events', 2, { min: 0, max: 2 });
    for (const make of TRACKERS) {
      const tracker = make(this);
      this.#trackers[tracker.protocol] = tracker;
    }
    this.#generic = this.#trackers[0]!;
    this.expectations = new Expectations(this);
    this.helpers = new Helpers(this);
    this.synProxy = new SynProxy(this, parts.hooks);
  }

  /** How many connections are in the table. */
  get count(): number {
    return this.#connections.size;
  }

  /** The tracker of a protocol; the generic one for those that have none. */
  trackerOf(protocol: number): Tracker {
    return this.#trackers[protocol] ?? this.#generic;
  }

  /**
   * Starts tracking for a family, if nobody did; the answer ends this user's need. Connections outlive their users.
   * (nf_ct_netns_get)
   */
  acquire(family: Family): () => void {
    const users = this.#users[family];
    if (users.count++ === 0) users.release = this.#register(family);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--users.count === 0) {
        for (const release of users.release.splice(0)) release();
      }
    };
  }

  /** Whether a family's packets are tracked. */
  tracks(family: Family): boolean {
    return this.#users[family].count > 0;
  }

  #register(family: Family): (() => void)[] {
    const { hooks, defragment } = this.#parts;
    for (const connection of this.#connections) {
      // Windows seen before tracking paused say nothing any more. (nf_ct_tcp_fixup)
      const { family: own, protocol } = connection.original;
      if (own === family) this.trackerOf(protocol).resume?.(connection);
    }
    return [
      defragment(family),
      hooks.register({
        name: CONNTRACK,
        family,
        hook: [PREROUTING, OUTPUT],
        priority: PRIORITY.CONNTRACK,
        run: (packet, state) => this.#in(packet, state),
      }),
      hooks.register({
        name: CONFIRM,
        family,
        hook: [INPUT, POSTROUTING],
        priority: PRIORITY.CONNTRACK_CONFIRM,
        run: (packet, state) => this.#out(packet, state),
      }),
    ];
  }

  /** A packet enters the host or is sent by it. (nf_conntrack_in) */
  #in(packet: Packet, state: HookState): Verdict {
    let template: Connection | undefined;
    if (packet.connection !== undefined || packet.connectionInfo === INFO_UNTRACKED) {
      const given = packet.connection;
      // Seen already: it came by lo, or answers a packet of a known connection.
      if (!(given instanceof Connection) || !given.isTemplate || packet.connectionInfo === INFO_UNTRACKED) {
        return ACCEPT;
      }
      template = given;
      setConnection(packet, undefined, 0);
    }
    const transport = transportOf(packet.bytes, packet.network, packet.end, packet.family);
    if (transport === undefined) {
      this.statistics.error++;
      this.statistics.invalid++;
      return ACCEPT;
    }
    const { protocol, offset } = transport;
    const zone = packetZone(template, packet);
    if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6) {
      const answer = findIcmpConnection(this, packet, offset, protocol, zone, state);
      if (answer !== TRACKED) {
        this.statistics.error++;
        this.statistics.invalid++;
        return -answer;
      }
      if (packet.connection !== undefined || packet.connectionInfo === INFO_UNTRACKED) return ACCEPT;
    }
    const tracker = this.trackerOf(protocol);
    for (;;) {
      const connection = this.#resolve(packet, offset, protocol, tracker, zone, template);
      if (connection === DROPPED) {
        this.statistics.drop++;
        return DROP;
      }
      if (connection === undefined) {
        this.statistics.invalid++;
        return ACCEPT;
      }
      const answer = tracker.track(packet, offset, connection, packet.connectionInfo, state);
      if (answer <= 0) {
        setConnection(packet, undefined, 0);
        if (answer === AGAIN) continue;
        this.statistics.invalid++;
        if (answer === DROPPED) this.statistics.drop++;
        return -answer;
      }
      if (packet.connectionInfo === INFO_ESTABLISHED_REPLY && (connection.status & STATUS.SEEN_REPLY) === 0) {
        connection.status |= STATUS.SEEN_REPLY;
        this.events.note(connection, EVENT.REPLY);
      }
      return ACCEPT;
    }
  }

  /** Finds a packet's connection or makes one; DROPPED if there is no room. (resolve_normal_ct) */
  #resolve(
    packet: Packet,
    offset: number,
    protocol: number,
    tracker: Tracker,
    zone: Zone,
    template: Connection | undefined,
  ): Connection | undefined | typeof DROPPED {
    const tuple = this.#tuple;
    tuple.readAddresses(packet.bytes, packet.network, packet.family);
    tuple.protocol = protocol;
    tuple.sourcePart = 0;
    tuple.destinationPart = 0;
    if (!tracker.readTuple(packet, offset, tuple)) return undefined;
    const handle = this.findHandle(tuple, zone);
    if (handle === undefined) {
      const made = this.#create(tuple, tracker, zone, template);
      if (made instanceof Connection) {
        setConnection(packet, made, (made.status & STATUS.EXPECTED) !== 0 ? INFO_RELATED : INFO_NEW);
      }
      return made;
    }
    const { connection } = handle;
    let info = INFO_ESTABLISHED_REPLY;
    if (handle.direction === ORIGINAL) {
      const { status } = connection;
      if ((status & STATUS.SEEN_REPLY) !== 0) info = INFO_ESTABLISHED;
      else info = (status & STATUS.EXPECTED) !== 0 ? INFO_RELATED : INFO_NEW;
    }
    setConnection(packet, connection, info);
    return connection;
  }

  /** The handle of a living connection with this tuple. One that has expired is removed on the way. */
  findHandle(tuple: Tuple, zone: Zone = DEFAULT_ZONE): Handle | undefined {
    const original = zoneId(zone, ORIGINAL);
    const reply = zoneId(zone, REPLY);
    for (;;) {
      const handle = this.table.find(tuple, original, reply);
      if (handle === undefined || handle.connection.timeout > this.services.timers.now) return handle;
      this.remove(handle.connection);
    }
  }

  /** Makes the tuple of answers to `of` in `reply`; false if there are none. (nf_ct_invert_tuple) */
  invert(of: Tuple, reply: Tuple): boolean {
    reply.swapFrom(of);
    const tracker = this.trackerOf(of.protocol);
    return tracker.invert === undefined || tracker.invert(of, reply);
  }

  #create(
    tuple: Tuple,
    tracker: Tracker,
    zone: Zone,
    template: Connection | undefined,
  ): Connection | undefined | typeof DROPPED {
    const reply = this.#reply;
    reply.swapFrom(tuple);
    if (tracker.invert !== undefined && !tracker.invert(tuple, reply)) return undefined;
    if (!this.#makeRoom(tuple)) return DROPPED;
    const connection = this.make(tuple, reply, zone);
    if (template !== undefined) {
      connection.wishes = template.wishes;
      connection.timeouts = template.timeouts;
      if (template.proxy !== undefined) connection.proxy = new ProxyState();
    }
    const { expectations } = this;
    const expected = expectations.count > 0 ? expectations.take(tuple, zone) : undefined;
    if (expected !== undefined) {
      connection.status |= STATUS.EXPECTED;
      connection.master = expected.master;
      if (expected.helper) connection.help = new ConnectionHelper(expected.helper);
      connection.mark = expected.master.mark;
      this.statistics.expectNew++;
      expected.onConnection?.(connection, expected);
    } else if (template?.help?.helper) {
      // A rule named it: it stays, whatever NAT makes of the connection. (__nf_ct_try_assign_helper)
      connection.help = new ConnectionHelper(template.help.helper);
      connection.status |= STATUS.HELPER;
    }
    return connection;
  }

  /** A connection that is in no table yet, with what every new one gets. */
  make(tuple: Tuple, reply: Tuple, zone: Zone): Connection {
    const connection = new Connection();
    connection.original.copyFrom(tuple);
    connection.reply.copyFrom(reply);
    if (zone !== DEFAULT_ZONE) connection.setZone(zone);
    if (this.#accounting.value !== 0) {
      connection.counts = [
        { packets: 0, bytes: 0 },
        { packets: 0, bytes: 0 },
      ];
    }
    if (this.labelUsers > 0) connection.labels = new Uint32Array(4);
    return connection;
  }

  /** True if one more connection fits, if need be in place of another that never got an answer. */
  #makeRoom(tuple: Tuple): boolean {
    const max = this.#max.value;
    if (max === 0 || this.count < max) return true;
    const now = this.services.timers.now;
    const victim =
      this.table.victim(tuple, (connection) => connection.timeout <= now || !isAssured(connection)) ??
      this.table.victim(
        tuple,
        (connection) => this.trackerOf(connection.original.protocol).canEarlyDrop?.(connection) === true,
      );
    if (victim !== undefined) {
      if (victim.timeout > now) this.statistics.earlyDrop++;
      this.remove(victim);
      return true;
    }
    this.services.log(4, 'nf_conntrack: nf_conntrack: table full, dropping packet');
    return false;
  }

  /** A packet leaves the host or reaches its process: helpers see it, and its connection begins. (nf_confirm) */
  #out(packet: Packet, state: HookState): Verdict {
    const connection = connectionOf(packet);
    if (connection === undefined) return ACCEPT;
    if (connection.help !== undefined || (connection.status & STATUS.SEQ_ADJUST) !== 0) {
      const verdict = runHelper(this, packet, connection, state);
      if (verdict !== ACCEPT) {
        if (!connection.confirmed) this.expectations.removeOf(connection);
        return verdict;
      }
    }
    const verdict = connection.confirmed ? ACCEPT : this.#confirm(packet, connection);
    // Whoever did not get into the table is gone with what it expects. (nf_ct_destroy)
    if (this.expectations.count > 0 && !connection.confirmed) this.expectations.removeOf(connection);
    if (connection.pendingEvents !== 0) this.events.deliver(connection);
    return verdict;
  }

  #confirm(packet: Packet, connection: Connection): Verdict {
    // Answers that a rule made (REJECT) carry the connection of what they answer.
    if (infoDirection(packet.connectionInfo) !== ORIGINAL) return ACCEPT;
    if (connection.dying) {
      this.statistics.insertFailed++;
      return DROP;
    }
    const { zone } = connection;
    const rival = this.findHandle(connection.original, zone) ?? this.findHandle(connection.reply, zone);
    if (rival !== undefined) return resolveClash(this, packet, connection, rival);
    if (!this.#makeRoom(connection.original)) return DROP;
    this.insert(connection);
    return ACCEPT;
  }

  /** Puts a connection into the table; its timeout counts from now. */
  insert(connection: Connection, bothDirections = true): void {
    const { services, events } = this;
    connection.timeout += services.timers.now;
    connection.status |= STATUS.CONFIRMED;
    if (this.#timestamps.value !== 0) connection.started = services.wallClock();
    if (bothDirections) this.table.insert(connection);
    else this.table.insertReply(connection);
    this.#connections.add(connection);
    this.#expiry.add(connection);
    this.onInsert?.(connection);
    this.statistics.insert++;
    if (connection.help?.helper) events.note(connection, EVENT.HELPER);
    events.note(connection, connection.master ? EVENT.RELATED : EVENT.NEW);
  }

  /** Takes a connection out of the table at once, and all that hangs on it. (nf_ct_delete) */
  remove(connection: Connection): void {
    if (connection.dying) return;
    connection.status |= STATUS.DYING;
    if (!connection.confirmed) return;
    this.table.remove(connection);
    this.#connections.delete(connection);
    this.#expiry.remove(connection);
    if (this.#timestamps.value !== 0 && connection.started !== 0) {
      connection.stopped = this.services.wallClock();
    }
    this.trackerOf(connection.original.protocol).destroy?.(connection);
    connection.help?.helper?.destroy?.(connection);
    if (this.expectations.count > 0) this.expectations.removeOf(connection);
    this.onRemove?.(connection);
    if (this.events.listened) this.events.destroyed(connection);
  }

  /**
   * Puts a connection's end off to `duration` microseconds from now, and counts the packet. (nf_ct_refresh_acct)
   */
  refresh(connection: Connection, info: number, packet: Packet, duration: number): void {
    this.expireIn(connection, duration);
    const { counts } = connection;
    if (counts !== undefined) {
      const count = counts[infoDirection(info)];
      count.packets++;
      count.bytes += packet.length;
    }
  }

  /** Sets when a connection ends: `duration` microseconds from now, or from its confirmation. */
  expireIn(connection: Connection, duration: number): void {
    if ((connection.status & STATUS.FIXED_TIMEOUT) !== 0) return;
    if (!connection.confirmed) {
      connection.timeout = duration;
      return;
    }
    const before = connection.timeout;
    connection.timeout = this.services.timers.now + duration;
    // A second more or less does not matter to the wheel, which only cleans up.
    if (connection.timeout < before - 1e6) this.#expiry.sooner(connection);
  }

  /** Ends a connection because of a packet, which is still counted. (nf_ct_kill_acct) */
  kill(connection: Connection, info: number, packet: Packet): void {
    const { counts } = connection;
    if (counts !== undefined) {
      const count = counts[infoDirection(info)];
      count.packets++;
      count.bytes += packet.length;
    }
    this.remove(connection);
  }

  /** All connections that live, in the order in which they began. Those that have expired are removed on the way. */
  *connections(): Generator<Connection> {
    const now = this.services.timers.now;
    for (const connection of this.#connections) {
      // Nobody is shown one that lost a race for its tuple.
      if (connection.timeout > now) {
        if ((connection.status & STATUS.NAT_CLASH) === 0) yield connection;
      } else this.remove(connection);
    }
  }

  /** Removes the connections that `which` chooses; all if left out. Answers how many. (nf_ct_iterate_cleanup) */
  flush(which: (connection: Connection) => boolean = () => true): number {
    let removed = 0;
    for (const connection of [...this.connections()]) {
      if (!which(connection)) continue;
      this.remove(connection);
      removed++;
    }
    return removed;
  }

  /**
   * Makes a packet that the host sends because of another one part of that one's connection. (nf_conntrack_attach)
   */
  attach(answer: Packet, about: Packet): void {
    if (about.connection === undefined && about.connectionInfo === 0) return;
    const original = infoDirection(about.connectionInfo) === ORIGINAL;
    setConnection(answer, connectionOf(about), original ? INFO_RELATED_REPLY : INFO_RELATED);
  }
}

/** The zone of a packet: its template's, the default one without. (nf_ct_zone_tmpl) */
export function packetZone(template: Connection | undefined, packet: Packet): Zone {
  if (template === undefined) return DEFAULT_ZONE;
  const { zone } = template;
  return zone.fromMark ? { ...zone, id: packet.mark & 0xffff } : zone;
}

function isAssured(connection: Connection): boolean {
  return (connection.status & STATUS.ASSURED) !== 0;
}
