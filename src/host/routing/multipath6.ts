import type { Host } from '../host.ts';
import type { Flow6, NextHop6 } from './route6.ts';

/** Chooses one of several next hops by a hash of the flow (net/ipv6/route.c fib6_select_path). */
export function choose6(host: Host, hops: readonly NextHop6[], flow: Flow6): NextHop6 {
  let hash = 0x9e3779b9;
  for (let i = 0; i < 16; i++) hash = step(step(hash, flow.source[i]!), flow.destination[i]!);
  if (host.sysctl.number('net/ipv6/fib_multipath_hash_policy') === 1) {
    hash = step(step(step(hash, flow.protocol), flow.sourcePort), flow.destinationPort);
  } else {
    hash = step(step(hash, flow.flowLabel & 0xfffff), flow.protocol);
  }
  const living = hops.filter((hop) => !hop.dead);
  const total = living.reduce((sum, { weight }) => sum + weight, 0);
  const place = ((hash ^ (hash >>> 15)) >>> 1) / 0x80000000;
  let sum = 0;
  for (const hop of living) {
    sum += hop.weight;
    if (place < sum / total) return hop;
  }
  return living.at(-1) ?? hops[0]!;
}

/** FNV-1a, with a turn so that the upper bits are mixed as well. */
function step(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x01000193);
  return mixed ^ (mixed >>> 17);
}
