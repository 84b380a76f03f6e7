import { makeGeneric } from './protocols/generic.ts';
import { makeGre } from './protocols/gre.ts';
import { makeIcmp } from './protocols/icmp.ts';
import { makeIcmpv6 } from './protocols/icmpv6.ts';
import { makeSctp } from './protocols/sctp.ts';
import { makeTcp } from './protocols/tcp.ts';
import { makeUdp } from './protocols/udp.ts';
import { makeUdpLite } from './protocols/udplite.ts';
import type { TrackerFactory } from './tracker.ts';

/** The protocols that are tracked, one file each. */
export const TRACKERS: readonly TrackerFactory[] = [
  makeGeneric,
  makeGre,
  makeIcmp,
  makeIcmpv6,
  makeSctp,
  makeTcp,
  makeUdp,
  makeUdpLite,
];
