import type { Packet } from '../../netfilter/packet.ts';
import type { Connection } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { TRACKED, type Tracker } from '../tracker.ts';

/** Every protocol that has no tracker of its own: told apart by addresses and number alone. */
export function makeGeneric(conntrack: Conntrack): Tracker {
  const timeout = conntrack.settings.timeout('generic_timeout', 600);
  return {
    protocol: 0,
    name: 'unknown',
    allowsClash: false,
    readTuple: () => true,
    track(packet: Packet, _offset: number, connection: Connection, info: number): number {
      conntrack.refresh(connection, info, packet, (connection.timeouts?.[0] ?? timeout.value) * 1e6);
      return TRACKED;
    },
  };
}
