import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';

const PACKET_BROADCAST = 1;
const PACKET_MULTICAST = 2;
const PACKET_LOOPBACK = 5;

/** Names by number (PACKET_HOST …), the one that is printed first. */
const NAMES: readonly (readonly string[])[] = [
  ['unicast', 'host'],
  ['broadcast', 'bcast'],
  ['multicast', 'mcast'],
  ['otherhost'],
];

const packetType: ValueType<number> = {
  syntax: 'type',
  argument: 'required',
  choices: NAMES.map(([name]) => name!),
  parse(given) {
    const found = NAMES.findIndex((names) => names.includes(given.toLowerCase()));
    if (found < 0) throw new Problem(`Bad packet type '${given}'`);
    return found;
  },
  print: (type) => NAMES[type]![0]!,
};

/** A copy of the host's own packet, sent back to itself, counts as what it was sent as (pkttype_mt). */
function typeOf({ type, family, bytes, network }: Packet): number {
  if (type !== PACKET_LOOPBACK) return type;
  const multicast = family === 6 || (bytes[network + 16]! & 0xf0) === 0xe0;
  return multicast ? PACKET_MULTICAST : PACKET_BROADCAST;
}

export const pkttype = defineMatch({
  name: 'pkttype',
  summary: 'whether the frame was for this host, for all, or for a group',
  about:
    'What counts is the address of the frame, not that of the IP packet. Packets of this host itself are `unicast`.',
  source: 'net/netfilter/xt_pkttype.c pkttype_mt',
  options: {
    'pkt-type': option(packetType, {
      required: true,
      invert: true,
      help: 'Kind of the frame’s destination.',
    }),
  },
  list: ({ 'pkt-type': given }, context) =>
    given ? ` PKTTYPE ${given.inverted ? '!=' : '='} ${packetType.print(given.value, context)}` : '',
  tests: ({ 'pkt-type': given }) =>
    given
      ? [
          {
            option: 'pkt-type',
            run: (packet) => (typeOf(packet) === given.value) !== given.inverted,
            explain: (packet) => NAMES[typeOf(packet)]?.[0] ?? `type ${packet.type}`,
          },
        ]
      : [],
});
