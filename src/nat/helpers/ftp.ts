import { infoDirection } from '../../conntrack/connection.ts';
import type { Conntrack } from '../../conntrack/conntrack.ts';
import { dropByHelper } from '../../conntrack/helpers/drop.ts';
import type { FtpKind } from '../../conntrack/helpers/ftp.ts';
import type { Rewriters } from '../../conntrack/helpers/rewriters.ts';
import { ORIGINAL, REPLY, type Tuple } from '../../conntrack/tuple.ts';
import { ACCEPT } from '../../netfilter/verdict.ts';
import { printIpv4 } from '../../wire/address.ts';
import type { Nat } from '../nat.ts';
import { expectAtFreePort, followMaster } from './follow.ts';
import { asciiBytes, mangleTcp } from './mangle.ts';

/** Rewrites what FTP says of data connections (net/netfilter/nf_nat_ftp.c). */
export function ftpRewriter(nat: Nat): NonNullable<Rewriters['ftp']> {
  const conntrack: Conntrack = nat.conntrack;
  return (said, kind, at, length, expectation) => {
    const { packet, connection, info } = said;
    const other = infoDirection(info) === ORIGINAL ? REPLY : ORIGINAL;
    // The connection will come to where this packet goes from.
    const outside = connection.handles[other];
    expectation.saved.destinationPart = expectation.tuple.destinationPart;
    expectation.direction = other;
    expectation.onConnection = (child, fulfilled) => followMaster(nat, child, fulfilled);
    const port = expectAtFreePort(conntrack, expectation, expectation.saved.destinationPart);
    if (port === 0) return dropByHelper(conntrack, packet, 'all ports in use');
    if (mangleTcp(said, at, length, asciiBytes(commandText(kind, outside, port)))) return ACCEPT;
    conntrack.expectations.remove(expectation);
    return dropByHelper(conntrack, packet, 'cannot mangle packet');
  };
}

function commandText(kind: FtpKind, { family, dst0, dst1, dst2, dst3 }: Tuple, port: number): string {
  switch (kind) {
    case 'PORT':
    case 'PASV':
      return `${printIpv4(dst0).replaceAll('.', ',')},${port >> 8},${port & 0xff}`;
    case 'EPRT':
      return family === 4
        ? `|1|${printIpv4(dst0)}|${port}|`
        : `|2|${[dst0, dst1, dst2, dst3].map(groups).join(':')}|${port}|`;
    case 'EPSV':
      return `|||${port}|`;
  }
}

/** `2001:0db8`: two groups of an IPv6 address, without any shortening. */
function groups(word: number): string {
  const digits = (word >>> 0).toString(16).padStart(8, '0');
  return `${digits.slice(0, 4)}:${digits.slice(4)}`;
}
