import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { get16 } from '../../wire/bytes.ts';
import { type Connection, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { EVENT } from '../events.ts';
import { logInvalid } from '../log.ts';
import { INVALID, TRACKED, type Tracker } from '../tracker.ts';
import { checksumIsBad } from './checksum.ts';
import { readPorts } from './ports.ts';

const UDPLITE = 136;
/** Linux sums the pseudo header with UDP's number, so that a right UDP-Lite checksum is wrong to it (udplite_error). */
const UDP = 17;
const HEADER = 8;
const SECOND = 1e6;

/** UDP-Lite (RFC 3828; net/netfilter/nf_conntrack_proto_udp.c). It has UDP's timeouts. */
export function makeUdpLite(conntrack: Conntrack): Tracker {
  const { settings, events } = conntrack;
  const unreplied = settings.timeout('udp_timeout', 30);
  const replied = settings.timeout('udp_timeout_stream', 120);

  function wrong(packet: Packet, offset: number, state: HookState): string | undefined {
    const { bytes, end } = packet;
    if (offset + HEADER > end) return 'short packet';
    const length = end - offset;
    const coverage = get16(bytes, offset + 4) || length;
    if (coverage < HEADER || coverage > length) return 'invalid checksum coverage';
    if (get16(bytes, offset + 6) === 0) return 'checksum missing';
    return checksumIsBad(conntrack, packet, offset, state, UDP, offset + coverage)
      ? 'bad checksum'
      : undefined;
  }

  return {
    protocol: UDPLITE,
    name: 'udplite',
    allowsClash: true,
    readTuple: readPorts,
    track(packet: Packet, offset: number, connection: Connection, info: number, state: HookState): number {
      const why = wrong(packet, offset, state);
      if (why !== undefined) {
        logInvalid(conntrack, packet, state, UDPLITE, why);
        return INVALID;
      }
      const own = connection.timeouts;
      const { status } = connection;
      const both = (status & STATUS.SEEN_REPLY) !== 0;
      const seconds = both ? (own?.[1] ?? replied.value) : (own?.[0] ?? unreplied.value);
      conntrack.refresh(connection, info, packet, seconds * SECOND);
      if (both && (status & (STATUS.NAT_CLASH | STATUS.ASSURED)) === 0) {
        connection.status |= STATUS.ASSURED;
        events.note(connection, EVENT.ASSURED);
      }
      return TRACKED;
    },
  };
}
