import type { Family, Hook } from '../netfilter/constants.ts';

/**
 * Where a packet is asked about: the kernel's xt_action_param. One object a walk, reused; do not keep it.
 */
export class Place {
  family: Family = 4;
  hook: Hook = 0;
  /** Interfaces by index; 0 where the hook has none. */
  inDevice = 0;
  outDevice = 0;
  /**
   * Offset in `packet.bytes` of the header behind IP. IPv4: behind the options. IPv6: where the header that `-p` asked for
   * was found; the IP header itself while the rule has no `-p` (the kernel's thoff is then 0).
   */
  transport = 0;
  /** Offset of this fragment in units of 8 bytes; 0 for whole packets and first fragments. */
  fragment = 0;
  /** A match sets it to have the packet dropped at once (hotdrop): headers that lie. */
  drop = false;
}
