import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { get16, get32 } from '../../wire/bytes.ts';
import { type Connection, INFO_ESTABLISHED, INFO_ESTABLISHED_REPLY, infoDirection } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { Expectation } from '../expectation.ts';
import type { Helper } from '../helper.ts';
import { ORIGINAL } from '../tuple.ts';
import { dropByHelper } from './drop.ts';
import { tcpPayload } from './payload.ts';

const TCP = 6;
/** Procedure that starts a scan, of the network protocol of SANE (chapter 5 of its standard, SANE_NET_START). */
const START = 7;
/** A request is its procedure and a handle; an answer begins with its status, and the port of the data. */
const LENGTH = 8;

class Requests {
  /** The client asked for a scan: the next answer says the port. */
  started = false;
}

/** The network protocol of scanners: where the image comes from (net/netfilter/nf_conntrack_sane.c). */
export function makeSane(conntrack: Conntrack): Helper {
  return {
    name: 'sane',
    families: [4, 6],
    protocol: TCP,
    policies: [{ maxExpected: 1, timeout: 300 }],
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      if (info !== INFO_ESTABLISHED && info !== INFO_ESTABLISHED_REPLY) return ACCEPT;
      const at = tcpPayload(packet, offset);
      const help = connection.help;
      if (at < 0 || help === undefined) return ACCEPT;
      help.data ??= new Requests();
      const requests = help.data as Requests;
      const { bytes, end } = packet;
      if (infoDirection(info) === ORIGINAL) {
        if (end - at === LENGTH) requests.started = get32(bytes, at) === START;
        return ACCEPT;
      }
      if (!requests.started) return ACCEPT;
      requests.started = false;
      if (end - at < LENGTH || get32(bytes, at) !== 0 || get16(bytes, at + 4) !== 0) return ACCEPT;
      const { original } = connection;
      const expectation = new Expectation(connection).to(original, TCP, get16(bytes, at + 6)).from(original);
      return conntrack.expectations.insert(expectation) === 0
        ? ACCEPT
        : dropByHelper(conntrack, packet, 'cannot add expectation');
    },
  };
}
