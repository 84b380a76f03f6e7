import type { Packet } from '../../netfilter/packet.ts';
import type { Verdict } from '../../netfilter/verdict.ts';
import type { Connection } from '../connection.ts';
import type { Expectation } from '../expectation.ts';
import type { FtpKind } from './ftp.ts';
import type { PptpRewriter } from './pptp.ts';
import type { SipRewriter } from './sip/sip.ts';

/** What a helper has read in a packet, for its rewriter. */
export interface Said {
  readonly packet: Packet;
  /** Where the transport header begins. */
  readonly offset: number;
  readonly connection: Connection;
  /** The packet's ctinfo. */
  readonly info: number;
}

/**
 * What NAT adds to the helpers: they call it for connections that are translated, and it rewrites what was said, fits
 * the expectation to it and inserts it. All slots are empty on a host without NAT. Answers ACCEPT or DROP.
 */
export interface Rewriters {
  /** The payload's bytes from `at`, `length` long, are the command's address and port. */
  ftp?: (said: Said, kind: FtpKind, at: number, length: number, expectation: Expectation) => Verdict;
  tftp?: (said: Said, expectation: Expectation) => Verdict;
  /** The payload's bytes are address, blanks and port. */
  irc?: (said: Said, at: number, length: number, expectation: Expectation) => Verdict;
  /** The payload's bytes are the port. */
  amanda?: (said: Said, at: number, length: number, expectation: Expectation) => Verdict;
  pptp?: PptpRewriter;
  sip?: SipRewriter;
}
