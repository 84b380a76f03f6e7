import type { Nat } from '../nat.ts';
import { amandaRewriter } from './amanda.ts';
import { ftpRewriter } from './ftp.ts';
import { ircRewriter } from './irc.ts';
import { pptpRewriter } from './pptp.ts';
import { sipRewriter } from './sip.ts';
import { tftpRewriter } from './tftp.ts';

/** Gives connection tracking's helpers what they need to rewrite. */
export function registerRewriters(nat: Nat): void {
  const { rewriters } = nat.conntrack.helpers;
  rewriters.amanda = amandaRewriter(nat);
  rewriters.ftp = ftpRewriter(nat);
  rewriters.irc = ircRewriter(nat);
  rewriters.pptp = pptpRewriter(nat);
  rewriters.sip = sipRewriter(nat);
  rewriters.tftp = tftpRewriter(nat);
}
