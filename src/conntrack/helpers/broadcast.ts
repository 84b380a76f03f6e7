import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { ipv4Destination } from '../../wire/ipv4.ts';
import { type Connection, infoDirection } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { EXPECT_PERMANENT, Expectation } from '../expectation.ts';
import type { Helper } from '../helper.ts';
import { ORIGINAL } from '../tuple.ts';

const UDP = 17;

/**
 * A helper for requests that this host broadcasts: every neighbour may answer from `port`, for `timeout` seconds.
 * (net/netfilter/nf_conntrack_broadcast.c)
 */
export function makeBroadcast(conntrack: Conntrack, name: string, port: number, timeout: number): Helper {
  return {
    name,
    families: [4],
    protocol: UDP,
    policies: [{ maxExpected: 1, timeout }],
    help(packet: Packet, _offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      const { route } = packet;
      if (packet.sender === undefined || route?.type !== ROUTE_TYPE.BROADCAST) return ACCEPT;
      if (infoDirection(info) !== ORIGINAL) return ACCEPT;
      const destination = ipv4Destination(packet.bytes, packet.network);
      const mask = conntrack.services.broadcastMask(route.outDevice, destination);
      if (mask === 0) return ACCEPT;
      const { reply } = connection;
      const expectation = new Expectation(connection).to(reply, UDP, reply.destinationPart).from(reply, port);
      expectation.mask.src0 = mask;
      expectation.flags = EXPECT_PERMANENT;
      conntrack.expectations.insert(expectation);
      conntrack.expireIn(connection, timeout * 1e6);
      return ACCEPT;
    },
  };
}
