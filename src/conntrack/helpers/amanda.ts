import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { UDP_LENGTH } from '../../wire/udp.ts';
import { type Connection, infoDirection, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { Expectation } from '../expectation.ts';
import type { Helper } from '../helper.ts';
import { ORIGINAL } from '../tuple.ts';
import { dropByHelper } from './drop.ts';
import type { Helpers } from './index.ts';
import { findText, isDigit } from './payload.ts';
import type { Said } from './rewriters.ts';

const UDP = 17;
const TCP = 6;
/** Seconds that the control connection is kept after each answer: a backup may take long to begin. */
const MASTER_TIMEOUT = 300;
const CHANNELS = ['DATA ', 'MESG ', 'INDEX ', 'STATE '];
const MOST_DIGITS = 5;

/**
 * Amanda's backups: the client answers `CONNECT DATA 1 MESG 2 INDEX 3`, and the server opens these TCP connections
 * (net/netfilter/nf_conntrack_amanda.c).
 */
export function makeAmanda(conntrack: Conntrack, helpers: Helpers): Helper {
  const { expectations } = conntrack;

  /** Whether the packet may pass; `before`: whether it might so far. */
  function channel(said: Said, at: number, length: number, port: number, before: Verdict): Verdict {
    const { packet, offset, connection } = said;
    const { original } = connection;
    const expectation = new Expectation(connection).to(original, TCP, port).from(original);
    const rewrite = helpers.rewriters.amanda;
    if (rewrite !== undefined && (connection.status & STATUS.NAT_MASK) !== 0) {
      return rewrite(said, at - offset - UDP_LENGTH, length, expectation);
    }
    // Without NAT one channel that cannot be expected drops the packet, with NAT only the last.
    return expectations.insert(expectation) === 0
      ? before
      : dropByHelper(conntrack, packet, 'cannot add expectation');
  }

  return {
    name: 'amanda',
    families: [4, 6],
    protocol: UDP,
    policies: [{ maxExpected: 4, timeout: 180 }],
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      if (infoDirection(info) === ORIGINAL) return ACCEPT;
      conntrack.expireIn(connection, MASTER_TIMEOUT * 1e6);
      const data = offset + UDP_LENGTH;
      if (data >= packet.end) return ACCEPT;
      const connect = findText(packet.bytes, data, packet.end, 'CONNECT ');
      if (connect < 0) return ACCEPT;
      const start = connect + 8;
      // A rewritten port may be longer or shorter; where the line ended stays, as with Linux.
      const stop = findText(packet.bytes, start, packet.end, '\n');
      if (stop < 0) return ACCEPT;
      let verdict: Verdict = ACCEPT;
      for (const name of CHANNELS) {
        const found = findText(packet.bytes, start, stop, name);
        if (found < 0) continue;
        const at = found + name.length;
        const { port, length } = readPort(packet.bytes, at, Math.min(stop, at + MOST_DIGITS));
        if (port === 0) break;
        verdict = channel({ packet, offset, connection, info }, at, length, port, verdict);
      }
      return verdict;
    },
  };
}

/** The number at `at`, 16 bits of it, and how many digits it has. */
function readPort(bytes: Uint8Array, from: number, to: number): { port: number; length: number } {
  let at = from;
  let port = 0;
  for (; at < to && isDigit(bytes[at]!); at++) port = port * 10 + bytes[at]! - 48;
  return { port: port & 0xffff, length: at - from };
}
