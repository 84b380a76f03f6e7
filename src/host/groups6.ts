import { solicitedNode6 } from '../wire/address.ts';
import { fromHex, sameBytes } from '../wire/bytes.ts';
import type { Address6 } from './interface.ts';
import { network6 } from './routing/fib6.ts';

const ALL_NODES = ['ff010000000000000000000000000001', 'ff020000000000000000000000000001'].map(fromHex);
const ALL_ROUTERS = [
  'ff010000000000000000000000000002',
  'ff020000000000000000000000000002',
  'ff050000000000000000000000000002',
].map(fromHex);

/** Longer prefixes have no anycast address of their routers (RFC 6164). */
const LONGEST_WITH_ANYCAST = 126;

/**
 * The groups that an interface listens to by itself: all nodes, all routers if it forwards, one for each address. A
 * router has the anycast address of its subnets, too (net/ipv6/addrconf.c addrconf_join_anycast).
 */
export function groupsOf6(addresses: readonly Address6[], forwards: boolean): Uint8Array[] {
  const groups = forwards ? [...ALL_NODES, ...ALL_ROUTERS] : [...ALL_NODES];
  const join = (address: Uint8Array): void => {
    const group = solicitedNode6(address);
    if (!groups.some((other) => sameBytes(other, 0, group, 0, 16))) groups.push(group);
  };
  for (const { bytes, prefixLength } of addresses) {
    join(bytes);
    if (forwards && prefixLength <= LONGEST_WITH_ANYCAST) join(network6(bytes, prefixLength));
  }
  return groups;
}
