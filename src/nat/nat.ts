import {
  type Connection,
  connectionOf,
  INFO_ESTABLISHED,
  INFO_ESTABLISHED_REPLY,
  INFO_RELATED,
  INFO_RELATED_REPLY,
  infoDirection,
  STATUS,
} from '../conntrack/connection.ts';
import type { Conntrack } from '../conntrack/conntrack.ts';
import { sideText } from '../conntrack/describe.ts';
import { transportOf } from '../conntrack/transport.ts';
import { ORIGINAL, REPLY, sameTuple, Tuple } from '../conntrack/tuple.ts';
import {
  type Family,
  type Hook,
  INPUT,
  OUTPUT,
  POSTROUTING,
  PREROUTING,
  PRIORITY,
} from '../netfilter/constants.ts';
import { FragmentSizes } from '../netfilter/fragments.ts';
import type { HookFunction, HookState, Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { ACCEPT, DROP, dropWithError, type Verdict } from '../netfilter/verdict.ts';
import { sameBytes } from '../wire/bytes.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';
import { BySource, translationOf } from './by-source.ts';
import { Chooser } from './choose.ts';
import { registerRewriters } from './helpers/index.ts';
import { translateIcmpError } from './icmp.ts';
import { manipulate } from './manip.ts';
import {
  addressWords,
  DESTINATION,
  destinationWords,
  type NatRange,
  oneAddress,
  type Side,
  SOURCE,
  sameWords,
  sourceWords,
} from './range.ts';

const ICMP = 1;
const ICMPV6 = 58;
const HOOKS = [PREROUTING, INPUT, OUTPUT, POSTROUTING] as const;

/** What a hook translates: on the way out and in to a process the source, else the destination. (HOOK2MANIP) */
function sideOf(hook: Hook): Side {
  return hook === POSTROUTING || hook === INPUT ? SOURCE : DESTINATION;
}

/** Network address translation (net/netfilter/nf_nat_core.c, nf_nat_proto.c). */
export class Nat {
  readonly conntrack: Conntrack;
  readonly #hooks: Hooks;
  readonly #services: Services;
  readonly #bySource: BySource;
  readonly #chooser: Chooser;
  readonly #walk = new Ipv6Walk();
  readonly #current = new Tuple();
  readonly #chosen = new Tuple();
  readonly #target = new Tuple();
  readonly #before = new Uint8Array(16);
  /** Functions that are asked about first packets, by family and hook, and how the hooks are given back. */
  readonly #lookups: Record<Family, { lists: HookFunction[][]; release: (() => void)[]; count: number }> = {
    4: { lists: [[], [], [], [], []], release: [], count: 0 },
    6: { lists: [[], [], [], [], []], release: [], count: 0 },
  };

  constructor(conntrack: Conntrack, hooks: Hooks, services: Services) {
    this.conntrack = conntrack;
    this.#hooks = hooks;
    this.#services = services;
    this.#bySource = new BySource(conntrack);
    this.#chooser = new Chooser(conntrack, this.#bySource);
    conntrack.onInsert = (connection) => {
      if ((connection.status & STATUS.SRC_NAT_DONE) !== 0) this.#bySource.add(connection);
    };
    conntrack.onRemove = (connection) => this.#bySource.remove(connection);
    registerRewriters(this);
  }

  /**
   * Has a function asked about the first packets of connections at a hook: the table `nat` hangs its chains in here. While
   * there is one for a family, its connections are translated. The answer takes it out again. (nf_nat_register_fn)
   */
  register(family: Family, hook: Hook, lookup: HookFunction): () => void {
    const lookups = this.#lookups[family];
    lookups.lists[hook] = [...lookups.lists[hook]!, lookup];
    if (lookups.count++ === 0) lookups.release = this.#hookIn(family);
    let registered = true;
    return () => {
      if (!registered) return;
      registered = false;
      lookups.lists[hook] = lookups.lists[hook]!.filter((other) => other !== lookup);
      if (--lookups.count === 0) for (const release of lookups.release.splice(0)) release();
    };
  }

  #hookIn(family: Family): (() => void)[] {
    return HOOKS.map((hook) =>
      this.#hooks.register({
        name: NAT,
        family,
        hook,
        priority: sideOf(hook) === SOURCE ? PRIORITY.NAT_SRC : PRIORITY.NAT_DST,
        run: (packet, state) => this.#run(packet, state),
      }),
    );
  }

  #run(packet: Packet, state: HookState): Verdict {
    const { bytes, network, family } = packet;
    const { hook } = state;
    if (hook === PREROUTING) {
      const at = network + (family === 4 ? 16 : 24);
      const length = family === 4 ? 4 : 16;
      const before = this.#before;
      for (let i = 0; i < length; i++) before[i] = bytes[at + i]!;
      const verdict = this.#translate(packet, state);
      // Another destination has another route.
      if (verdict === ACCEPT && !sameBytes(before, 0, packet.bytes, at, length)) packet.route = undefined;
      return verdict;
    }
    const verdict = this.#translate(packet, state);
    if (verdict !== ACCEPT || hook !== OUTPUT) return verdict;
    const connection = connectionOf(packet);
    if (connection === undefined) return verdict;
    const direction = infoDirection(packet.connectionInfo);
    const to = destinationWords(connection.handles[direction]);
    if (sameWords(to, sourceWords(connection.handles[direction === ORIGINAL ? REPLY : ORIGINAL])))
      return verdict;
    const error = this.#services.reroute(packet);
    return error < 0 ? dropWithError(-error) : verdict;
  }

  /** (nf_nat_ipv4_fn, nf_nat_ipv6_fn, nf_nat_inet_fn) */
  #translate(packet: Packet, state: HookState): Verdict {
    const connection = connectionOf(packet);
    if (connection === undefined) return ACCEPT;
    const { connectionInfo: info } = packet;
    const side = sideOf(state.hook);
    if (info === INFO_RELATED || info === INFO_RELATED_REPLY) {
      const offset = this.#icmpOffset(packet);
      if (offset > 0) {
        return translateIcmpError(this.conntrack, packet, offset, connection, side) ? ACCEPT : DROP;
      }
    }
    const first = info !== INFO_ESTABLISHED && info !== INFO_ESTABLISHED_REPLY;
    if (first && !isDecided(connection, side)) {
      const verdict = this.#decide(packet, state, connection, side);
      if (verdict !== ACCEPT) return verdict;
    } else if (this.#leavesElsewhere(connection, info, state)) {
      this.conntrack.kill(connection, info, packet);
      return DROP;
    }
    return this.rewrite(packet, connection, side);
  }

  /** Asks the tables what is to become of a connection; if none says anything, it keeps what it has. */
  #decide(packet: Packet, state: HookState, connection: Connection, side: Side): Verdict {
    for (const lookup of this.#lookups[packet.family].lists[state.hook]!) {
      const verdict = lookup(packet, state);
      if (verdict !== ACCEPT) return verdict;
      if (isDecided(connection, side)) return ACCEPT;
    }
    return this.bindNothing(connection, side, packet);
  }

  /** The same address as now; only a port that another connection has is changed. (nf_nat_alloc_null_binding) */
  bindNothing(connection: Connection, side: Side, packet?: Packet): Verdict {
    const { reply } = connection;
    const address = side === SOURCE ? destinationWords(reply) : sourceWords(reply);
    return this.setup(connection, oneAddress(address), side, packet);
  }

  /**
   * Decides what one side of a new connection becomes: an end of `range` that makes its tuple unique. `packet` is for
   * those who watch. Answers ACCEPT; DROP if that side has been decided already. (nf_nat_setup_info)
   */
  setup(connection: Connection, range: NatRange, side: Side, packet?: Packet): Verdict {
    if (connection.confirmed) return ACCEPT;
    if (isDecided(connection, side)) return DROP;
    const { conntrack } = this;
    const current = this.#current;
    const chosen = this.#chosen;
    conntrack.invert(connection.reply, current);
    this.#chooser.choose(chosen, current, range, connection, side);
    if (!sameTuple(chosen, current)) {
      conntrack.invert(chosen, this.#target);
      connection.reply.copyFrom(this.#target);
      connection.status |= side === SOURCE ? STATUS.SRC_NAT : STATUS.DST_NAT;
      const { observer } = this.#hooks;
      if (packet && observer?.choose) {
        const what = side === SOURCE ? 'source' : 'destination';
        const [from, to] = [sideText(current, what), sideText(chosen, what)];
        observer.choose(packet, NAT, `${what} ${from} becomes ${to}: ${this.#chooser.why}`);
      }
    }
    connection.status |= side === SOURCE ? STATUS.SRC_NAT_DONE : STATUS.DST_NAT_DONE;
    return ACCEPT;
  }

  /** Rewrites a packet as its connection needs it at a hook of this side. (nf_nat_packet) */
  rewrite(packet: Packet, connection: Connection, side: Side): Verdict {
    const direction = infoDirection(packet.connectionInfo);
    let bit: number = side === SOURCE ? STATUS.SRC_NAT : STATUS.DST_NAT;
    if (direction === REPLY) bit ^= STATUS.NAT_MASK;
    if ((connection.status & bit) === 0) return ACCEPT;
    // What answers to the other direction's packets.
    this.conntrack.invert(direction === ORIGINAL ? connection.reply : connection.original, this.#target);
    if (packet.control instanceof FragmentSizes) pullHeader(packet, packet.control);
    const { bytes, network, end, family } = packet;
    return manipulate(bytes, network, end, this.#target, family, side) ? ACCEPT : DROP;
  }

  /** A masqueraded connection's packets are about to leave by another interface. (nf_nat_oif_changed) */
  #leavesElsewhere(connection: Connection, info: number, state: HookState): boolean {
    const device = connection.translation?.masqueradeDevice ?? 0;
    return (
      device !== 0 &&
      state.hook === POSTROUTING &&
      infoDirection(info) === ORIGINAL &&
      device !== state.outDevice
    );
  }

  /**
   * Translates the source to `address`, that of the interface the packet leaves by, and remembers the interface.
   * (nf_nat_masquerade_ipv4, nf_nat_masquerade_ipv6)
   */
  masquerade(
    connection: Connection,
    range: NatRange,
    address: Uint8Array,
    device: number,
    packet: Packet,
  ): Verdict {
    translationOf(connection).masqueradeDevice = device;
    const words = addressWords(address, 0, packet.family);
    return this.setup(
      connection,
      { ...range, ...oneAddress(words, range.flags), ...parts(range) },
      SOURCE,
      packet,
    );
  }

  /** An interface went down: its masqueraded connections end. */
  deviceDown(device: number): void {
    this.conntrack.flush((connection) => connection.translation?.masqueradeDevice === device);
  }

  /** An interface lost an address: connections that were masqueraded with it end. `address` is 4 or 16 bytes. */
  addressGone(device: number, family: Family, address: Uint8Array): void {
    const words = addressWords(address, 0, family);
    this.conntrack.flush(
      ({ translation, reply }) =>
        translation?.masqueradeDevice === device &&
        reply.family === family &&
        sameWords(destinationWords(reply), words),
    );
  }

  /** Offset of the ICMP header of a packet that has one; 0 otherwise. */
  #icmpOffset({ bytes, network, end, family }: Packet): number {
    if (family === 4) {
      return bytes[network + 9] === ICMP ? network + (bytes[network]! & 15) * 4 : 0;
    }
    const walk = this.#walk;
    return walk.skip(bytes, network + 40, end, bytes[network + 6]!) && walk.protocol === ICMPV6
      ? walk.offset
      : 0;
  }
}

/** Name of the hook functions, and who chooses in a journey. */
const NAT = 'nat';

/** Bytes of each protocol's header that NAT changes; it takes 8 where the whole is not there. */
const CHANGED: Readonly<Record<number, number>> = { 6: 20, 132: 12 };
const LEAST = 8;

/** A header that lies in several fragments is brought together before it is changed. (skb_ensure_writable) */
function pullHeader({ bytes, network, end, family }: Packet, sizes: FragmentSizes): void {
  const transport = transportOf(bytes, network, end, family);
  if (transport === undefined) return;
  const { protocol, offset } = transport;
  const whole = CHANGED[protocol] ?? LEAST;
  const before = family === 4 ? 0 : Math.max(0, offset - network - sizes.headers);
  sizes.pull(before + (offset + whole <= end ? whole : LEAST));
}

function isDecided({ status }: Connection, side: Side): boolean {
  return (status & (side === SOURCE ? STATUS.SRC_NAT_DONE : STATUS.DST_NAT_DONE)) !== 0;
}

function parts({ minPart, maxPart, basePart }: NatRange): Pick<NatRange, 'minPart' | 'maxPart' | 'basePart'> {
  return { minPart, maxPart, basePart };
}
