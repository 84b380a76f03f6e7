import type { Connection } from '../conntrack/connection.ts';
import type { Conntrack } from '../conntrack/conntrack.ts';
import { tupleText } from '../conntrack/describe.ts';
import type { End } from '../journey/journey.ts';
import { printEnd } from '../testing/cases/ends.ts';
import { type PacketView, viewOf } from '../testing/cases/packet-view.ts';
import { FlowEnds } from './flow-ends.ts';
import { protocolName } from './protocol-names.ts';

/** What a capture has of one connection: both directions, as its first packet names it. */
export interface Flow {
  /** `tcp 192.0.2.10:5000 > 203.0.113.9:80`. */
  readonly name: string;
  packets: number;
  bytes: number;
  dropped: number;
  /** Why the first of the dropped was. */
  why: string;
}

/** Flows that are told apart at a time. Of more, those with fewest packets are forgotten, and their packets counted together. */
const MOST_FLOWS = 20_000;

/** Counts packets by connection: conntrack's where it has one, else by both ends. */
export class Flows {
  /** Flows that were forgotten, and their packets. */
  forgotten = 0;
  others = 0;
  readonly #conntrack: Conntrack;
  #byConnection = new WeakMap<Connection, Flow>();
  readonly #byName = new Map<string, Flow>();
  /** Those that were found by their ends, by a hash of these. */
  readonly #byEnds = new Map<number, { readonly ends: FlowEnds; readonly flow: Flow }[]>();
  readonly #ends = new FlowEnds();

  constructor(conntrack: Conntrack) {
    this.#conntrack = conntrack;
  }

  get count(): number {
    return this.#byName.size + this.forgotten;
  }

  /** Counts a packet, of which conntrack knows the connection or `packet` has the bytes. */
  add(
    connection: Connection | undefined,
    packet: Uint8Array | undefined,
    bytes: number,
    end: End,
    reason: string,
  ): void {
    const flow = connection ? this.#ofConnection(connection) : packet && this.#ofPacket(packet);
    if (!flow) return;
    flow.packets++;
    flow.bytes += bytes;
    if (end.kind !== 'dropped') return;
    if (flow.dropped === 0) flow.why = reason;
    flow.dropped++;
  }

  /** The flows with most packets, and those of which packets were dropped. */
  sorted(): Flow[] {
    return [...this.#byName.values()].sort((a, b) => b.packets - a.packets || b.bytes - a.bytes);
  }

  #ofConnection(connection: Connection): Flow {
    const known = this.#byConnection.get(connection);
    if (known) return known;
    const flow = this.#named(tupleText(connection.original, this.#conntrack));
    this.#byConnection.set(connection, flow);
    return flow;
  }

  #ofPacket(packet: Uint8Array): Flow | undefined {
    const ends = this.#ends;
    if (!ends.read(packet)) return undefined;
    const { hash } = ends;
    const alike = this.#byEnds.get(hash);
    for (const known of alike ?? []) if (known.ends.isLike(ends)) return known.flow;
    const view = viewOf(packet);
    const flow = view && this.#ofView(view);
    if (!flow) return undefined;
    const found = { ends: ends.copy(), flow };
    if (alike) alike.push(found);
    else this.#byEnds.set(hash, [found]);
    return flow;
  }

  /** A connection of either direction, or a new one. */
  #ofView({ protocol, source, destination }: PacketView): Flow {
    const name = protocolName(protocol);
    const [from, to] = [printEnd(source), printEnd(destination)];
    return this.#byName.get(`${name} ${to} > ${from}`) ?? this.#named(`${name} ${from} > ${to}`);
  }

  #named(name: string): Flow {
    const known = this.#byName.get(name);
    if (known) return known;
    if (this.#byName.size >= MOST_FLOWS) this.#forgetHalf();
    const flow: Flow = { name, packets: 0, bytes: 0, dropped: 0, why: '' };
    this.#byName.set(name, flow);
    return flow;
  }

  /** Forgets the half with fewest packets, the older first. */
  #forgetHalf(): void {
    const flows = [...this.#byName.values()].sort((a, b) => a.packets - b.packets);
    for (const flow of flows.slice(0, MOST_FLOWS / 2)) {
      this.#byName.delete(flow.name);
      this.forgotten++;
      this.others += flow.packets;
    }
    this.#byConnection = new WeakMap();
    this.#byEnds.clear();
  }
}
