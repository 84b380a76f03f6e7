import type { Family } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { get16 } from '../../wire/bytes.ts';
import type { Connection } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { INVALID, TRACKED, type Tracker } from '../tracker.ts';
import type { Tuple } from '../tuple.ts';

const HEADER = 8;

/** What tells ICMP from ICMPv6. */
export interface IcmpKind {
  readonly protocol: number;
  readonly family: Family;
  readonly name: string;
  /** Pairs of request and reply types. */
  readonly pairs: readonly (readonly [request: number, reply: number])[];
}

/** Echo and its kin: a request begins a connection, told apart by its identifier. */
export function makeIcmpTracker(conntrack: Conntrack, kind: IcmpKind): Tracker {
  const timeout = conntrack.settings.timeout(`${kind.name}_timeout`, 30);
  const counterpart = new Int16Array(256).fill(-1);
  const begins = new Uint8Array(256);
  for (const [request, reply] of kind.pairs) {
    counterpart[request] = reply;
    counterpart[reply] = request;
    begins[request] = 1;
  }
  return {
    protocol: kind.protocol,
    name: kind.name,
    allowsClash: false,
    readTuple(packet: Packet, offset: number, tuple: Tuple): boolean {
      if (offset + HEADER > packet.end) return false;
      tuple.sourcePart = get16(packet.bytes, offset + 4);
      tuple.destinationPart = get16(packet.bytes, offset);
      return true;
    },
    invert(of: Tuple, reply: Tuple): boolean {
      const type = counterpart[of.icmpType]!;
      if (type < 0) return false;
      reply.sourcePart = of.sourcePart;
      reply.destinationPart = (type << 8) | of.icmpCode;
      return true;
    },
    track(packet: Packet, _offset: number, connection: Connection, info: number): number {
      // ICMP in an IPv6 packet, or the other way round, belongs to nothing; nor does an answer that nobody asked for.
      if (packet.family !== kind.family || begins[connection.original.icmpType] === 0) return INVALID;
      conntrack.refresh(connection, info, packet, (connection.timeouts?.[0] ?? timeout.value) * 1e6);
      return TRACKED;
    },
  };
}
