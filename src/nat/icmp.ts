import { type Connection, infoDirection, STATUS } from '../conntrack/connection.ts';
import type { Conntrack } from '../conntrack/conntrack.ts';
import { REPLY, Tuple } from '../conntrack/tuple.ts';
import type { Packet } from '../netfilter/packet.ts';
import { set16 } from '../wire/bytes.ts';
import { checksum, pseudoSum6 } from '../wire/checksum.ts';
import { manipulate } from './manip.ts';
import { DESTINATION, type Side, SOURCE } from './range.ts';

const ICMP = 1;
const ICMPV6 = 58;
const ICMP_REDIRECT = 5;
const ICMPV6_REDIRECT = 137;
const HEADER = 8;

const target = new Tuple();

/**
 * Translates an ICMP error, whose header lies at `offset`, together with the packet that it quotes. False if it must be
 * dropped. (nf_nat_icmp_reply_translation, nf_nat_icmpv6_reply_translation)
 */
export function translateIcmpError(
  conntrack: Conntrack,
  packet: Packet,
  offset: number,
  connection: Connection,
  side: Side,
): boolean {
  const { bytes, network, end, family } = packet;
  const six = family === 6;
  const inside = offset + HEADER;
  if (inside + (six ? 40 : 20) > end) return false;
  if (checksum(bytes, offset, end, six ? pseudoSum6(bytes, network, ICMPV6, end - offset) : 0) !== 0)
    return false;
  if (bytes[offset] === (six ? ICMPV6_REDIRECT : ICMP_REDIRECT)) {
    // Of a translated connection a redirect would be a lie.
    if ((connection.status & STATUS.NAT_DONE_MASK) !== STATUS.NAT_DONE_MASK) return false;
    if ((connection.status & STATUS.NAT_MASK) !== 0) return false;
  }
  const reply = infoDirection(packet.connectionInfo) === REPLY;
  let bit: number = side === SOURCE ? STATUS.SRC_NAT : STATUS.DST_NAT;
  if (reply) bit ^= STATUS.NAT_MASK;
  if ((connection.status & bit) === 0) return true;
  const other = reply ? connection.original : connection.reply;
  // The quoted packet went the other way: what is the source outside is the destination inside.
  const inner = side === SOURCE ? DESTINATION : SOURCE;
  if (!manipulate(bytes, inside, end, other, family, inner)) return false;
  set16(bytes, offset + 2, 0);
  const pseudo = six ? pseudoSum6(bytes, network, ICMPV6, end - offset) : 0;
  set16(bytes, offset + 2, checksum(bytes, offset, end, pseudo));
  conntrack.invert(other, target);
  target.protocol = six ? ICMPV6 : ICMP;
  return manipulate(bytes, network, end, target, family, side);
}
