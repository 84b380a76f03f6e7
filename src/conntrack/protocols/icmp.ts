import type { Conntrack } from '../conntrack.ts';
import type { Tracker } from '../tracker.ts';
import { makeIcmpTracker } from './icmp-tracker.ts';

/** ICMP: echo, timestamp, information, address mask (net/netfilter/nf_conntrack_proto_icmp.c). */
export function makeIcmp(conntrack: Conntrack): Tracker {
  return makeIcmpTracker(conntrack, {
    protocol: 1,
    family: 4,
    name: 'icmp',
    pairs: [
      [8, 0],
      [13, 14],
      [15, 16],
      [17, 18],
    ],
  });
}
