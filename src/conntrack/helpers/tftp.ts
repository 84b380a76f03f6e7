import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { get16 } from '../../wire/bytes.ts';
import { UDP_LENGTH } from '../../wire/udp.ts';
import { type Connection, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { Expectation } from '../expectation.ts';
import type { Helper } from '../helper.ts';
import { dropByHelper } from './drop.ts';
import type { Helpers } from './index.ts';

const UDP = 17;
const READ = 1;
const WRITE = 2;

/** TFTP's transfers, which the server sends from another port (RFC 1350; net/netfilter/nf_conntrack_tftp.c). */
export function makeTftp(conntrack: Conntrack, helpers: Helpers): Helper {
  const { expectations } = conntrack;
  return {
    name: 'tftp',
    families: [4, 6],
    protocol: UDP,
    policies: [{ maxExpected: 1, timeout: 300 }],
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      const at = offset + UDP_LENGTH;
      if (at + 2 > packet.end) return ACCEPT;
      const operation = get16(packet.bytes, at);
      if (operation !== READ && operation !== WRITE) return ACCEPT;
      const { reply } = connection;
      const expectation = new Expectation(connection).to(reply, UDP, reply.destinationPart).from(reply);
      const rewrite = helpers.rewriters.tftp;
      if (rewrite !== undefined && (connection.status & STATUS.NAT_MASK) !== 0) {
        return rewrite({ packet, offset, connection, info }, expectation);
      }
      return expectations.insert(expectation) === 0
        ? ACCEPT
        : dropByHelper(conntrack, packet, 'cannot add expectation');
    },
  };
}
