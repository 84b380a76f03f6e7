import type { Conntrack } from '../conntrack.ts';
import type { Tracker } from '../tracker.ts';
import { makeIcmpTracker } from './icmp-tracker.ts';

/** ICMPv6: echo and node information (net/netfilter/nf_conntrack_proto_icmpv6.c). */
export function makeIcmpv6(conntrack: Conntrack): Tracker {
  return makeIcmpTracker(conntrack, {
    protocol: 58,
    family: 6,
    name: 'icmpv6',
    pairs: [
      [128, 129],
      [139, 140],
    ],
  });
}
