import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { UDP_LENGTH, udpChecksumField, udpLength } from '../../wire/udp.ts';
import { type Connection, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { EVENT } from '../events.ts';
import { logInvalid } from '../log.ts';
import { INVALID, TRACKED, type Tracker } from '../tracker.ts';
import { checksumIsBad } from './checksum.ts';
import { readPorts } from './ports.ts';

const UDP = 17;
const SECOND = 1e6;
/** A flow that still has packets both ways after this long is a stream. */
const STREAM_AFTER = 2 * SECOND;

/** UDP (net/netfilter/nf_conntrack_proto_udp.c). A connection's `state` is when it becomes a stream. */
export function makeUdp(conntrack: Conntrack): Tracker {
  const { settings, services, events } = conntrack;
  const unreplied = settings.timeout('udp_timeout', 30);
  const replied = settings.timeout('udp_timeout_stream', 120);

  function wrong(packet: Packet, offset: number, state: HookState): string | undefined {
    const { bytes, end } = packet;
    if (offset + UDP_LENGTH > end) return 'short packet';
    const length = udpLength(bytes, offset);
    if (length > end - offset || length < UDP_LENGTH) return 'truncated/malformed packet';
    if (udpChecksumField(bytes, offset) === 0) return undefined;
    return checksumIsBad(conntrack, packet, offset, state, UDP) ? 'bad checksum' : undefined;
  }

  return {
    protocol: UDP,
    name: 'udp',
    allowsClash: true,
    readTuple: readPorts,
    track(packet: Packet, offset: number, connection: Connection, info: number, state: HookState): number {
      const why = wrong(packet, offset, state);
      if (why !== undefined) {
        logInvalid(conntrack, packet, state, UDP, why);
        return INVALID;
      }
      const own = connection.timeouts;
      const { status } = connection;
      const now = services.timers.now;
      if ((status & STATUS.CONFIRMED) === 0) connection.state = now + STREAM_AFTER;
      const stream = (status & STATUS.SEEN_REPLY) !== 0 && now > connection.state;
      const seconds = stream ? (own?.[1] ?? replied.value) : (own?.[0] ?? unreplied.value);
      conntrack.refresh(connection, info, packet, seconds * SECOND);
      if (stream && (status & (STATUS.NAT_CLASH | STATUS.ASSURED)) === 0) {
        connection.status |= STATUS.ASSURED;
        events.note(connection, EVENT.ASSURED);
      }
      return TRACKED;
    },
  };
}
