import { DEFRAG_LOCAL, Fragments4 } from '../../netfilter/fragments4.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import type { Host } from '../host.ts';
import { TIME_EXCEEDED } from './icmp.ts';
import type { Settings4 } from './settings.ts';

const REASSEMBLY_TIME_EXCEEDED = 1;
const SECOND = 1_000_000;

/** The reassembly of a host, with its settings. */
export function makeFragments(host: Host, settings: Settings4): Fragments4 {
  return new Fragments4({
    timers: host.timers,
    settings: {
      timeout: () => settings.ipfrag_time * SECOND,
      highThreshold: () => settings.ipfrag_high_thresh,
      maxDistance: () => settings.ipfrag_max_dist,
    },
    drop: (packet, where, reason) => host.drop(packet, where, reason),
    release: (packet) => host.pool.release(packet),
    expired: (first, user, inDevice) => expired(host, first, user, inDevice),
    log: (level, text) => host.services.log(level, text),
    random: () => host.services.random(),
  });
}

/** The sender of a packet whose fragments did not all come in time is told (net/ipv4/ip_fragment.c ip_expire). */
function expired(host: Host, first: Packet, user: number, inDevice: number): void {
  first.inDevice = inDevice;
  if (!host.interfaces.byIndex(inDevice)) {
    host.drop(first, 'reassembly', 'its interface is gone');
    return;
  }
  first.route = host.routing4.input(first);
  if (!first.route) return;
  // Who only passes packets on does not tell (frag_expire_skip_icmp).
  if (user === DEFRAG_LOCAL || first.route.type === ROUTE_TYPE.LOCAL) {
    host.ipv4.icmp.sendError(first, TIME_EXCEEDED, REASSEMBLY_TIME_EXCEEDED, 0);
  }
  host.drop(first, 'reassembly', 'not all fragments came in time');
}
