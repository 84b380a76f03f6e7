import type { Packet } from '../../netfilter/packet.ts';
import { GRE_VERSION, greFlags, greProtocol, pptpCallId } from '../../wire/gre.ts';
import { type Connection, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { EVENT } from '../events.ts';
import { TRACKED, type Tracker } from '../tracker.ts';
import type { Tuple } from '../tuple.ts';

const GRE = 47;
const GRE_LENGTH = 4;
/** Up to the call. */
const PPTP_LENGTH = 8;
/** The enhanced GRE of PPTP (RFC 2637 section 4.1). */
const VERSION_1 = 1;
const PPP = 0x880b;

/** Timeouts that a connection got when it began; seconds. */
class GreTimes {
  readonly unreplied: number;
  readonly replied: number;
  constructor(unreplied: number, replied: number) {
    this.unreplied = unreplied;
    this.replied = replied;
  }
}

/**
 * GRE (net/netfilter/nf_conntrack_proto_gre.c): PPTP's is told by its calls, of which a packet says only one; the other
 * comes from what the control connection's helper has noted in `conntrack.greCalls`. All other GRE has key 0.
 */
export function makeGre(conntrack: Conntrack): Tracker {
  const unreplied = conntrack.settings.timeout('gre_timeout', 30);
  const replied = conntrack.settings.timeout('gre_timeout_stream', 180);
  return {
    protocol: GRE,
    name: 'gre',
    allowsClash: false,
    readTuple(packet: Packet, offset: number, tuple: Tuple): boolean {
      const { bytes, end } = packet;
      tuple.sourcePart = 0;
      tuple.destinationPart = 0;
      if (offset + GRE_LENGTH > end || (greFlags(bytes, offset) & GRE_VERSION) !== VERSION_1) return true;
      if (offset + PPTP_LENGTH > end) return true;
      if (greProtocol(bytes, offset) !== PPP) return false;
      tuple.destinationPart = pptpCallId(bytes, offset);
      tuple.sourcePart = conntrack.helpers.greCalls.sourceOf(tuple);
      return true;
    },
    track(packet: Packet, _offset: number, connection: Connection, info: number): number {
      if (!connection.confirmed) {
        const own = connection.timeouts;
        connection.protocolData = new GreTimes(own?.[0] ?? unreplied.value, own?.[1] ?? replied.value);
      }
      const times = connection.protocolData as GreTimes | undefined;
      const stream = (connection.status & STATUS.SEEN_REPLY) !== 0;
      const seconds = stream ? (times?.replied ?? replied.value) : (times?.unreplied ?? unreplied.value);
      conntrack.refresh(connection, info, packet, seconds * 1e6);
      if (stream && (connection.status & (STATUS.NAT_CLASH | STATUS.ASSURED)) === 0) {
        connection.status |= STATUS.ASSURED;
        conntrack.events.note(connection, EVENT.ASSURED);
      }
      return TRACKED;
    },
    destroy(connection: Connection): void {
      if (connection.master) conntrack.helpers.greCalls.forget(connection.master);
    },
  };
}
