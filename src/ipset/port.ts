import type { Packet } from '../netfilter/packet.ts';
import { get16 } from '../wire/bytes.ts';
import { Ipv6Walk } from '../wire/ipv6-extensions.ts';

const TCP = 6;
const UDP = 17;
const SCTP = 132;
const UDPLITE = 136;
const ICMP = 1;
const ICMPV6 = 58;

const walk = new Ipv6Walk();

/** How many bytes of a header must be there to read its ports, or type and code; 0 if the protocol has none. */
function needed(protocol: number): number {
  switch (protocol) {
    case TCP:
      return 20;
    case SCTP:
      return 12;
    case UDP:
    case UDPLITE:
    case ICMP:
    case ICMPV6:
      return 8;
    default:
      return 0;
  }
}

/**
 * Protocol and port of a packet, or ICMP's type and code, as `protocol << 16 | port`; -1 if it cannot be told
 * (net/netfilter/ipset/ip_set_getport.c).
 */
export function portOf(packet: Packet, isSource: boolean): number {
  const { bytes, network, end, family } = packet;
  if (family === 4) {
    const protocol = bytes[network + 9]!;
    if (protocol === 0) return -1;
    // A later fragment has no ports; protocols without ports do not care. ICMPv6 is looked at all the same.
    if ((get16(bytes, network + 6) & 0x1fff) !== 0)
      return needed(protocol) !== 0 && protocol !== ICMPV6 ? -1 : protocol << 16;
    return read(bytes, network + 4 * (bytes[network]! & 15), end, protocol, isSource);
  }
  if (!walk.skip(bytes, network + 40, end, bytes[network + 6]!) || walk.fragmentOffset !== 0) return -1;
  return read(bytes, walk.offset, end, walk.protocol, isSource);
}

function read(bytes: Uint8Array, at: number, end: number, protocol: number, isSource: boolean): number {
  const length = needed(protocol);
  if (length === 0) return protocol << 16;
  if (at + length > end) return -1;
  const isIcmp = protocol === ICMP || protocol === ICMPV6;
  return (protocol << 16) | get16(bytes, isIcmp || isSource ? at : at + 2);
}
