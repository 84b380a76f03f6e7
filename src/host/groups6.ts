import { solicitedNode6 } from '../wire/address.ts';
import { fromHex, sameBytes } from '../wire/bytes.ts';
import type { Address6 } from './interface.ts';

const ALL_NODES = ['ff010000000000000000000000000001', 'ff020000000000000000000000000001'].map(fromHex);
const ALL_ROUTERS = [
  'ff010000000000000000000000000002',
  'ff020000000000000000000000000002',
  'ff050000000000000000000000000002',
].map(fromHex);

/** The groups that an interface listens to by itself: all nodes, all routers if it forwards, one for each address. */
export function groupsOf6(addresses: readonly Address6[], forwards: boolean): Uint8Array[] {
  const groups = forwards ? [...ALL_NODES, ...ALL_ROUTERS] : [...ALL_NODES];
  for (const { bytes } of addresses) {
    const group = solicitedNode6(bytes);
    if (!groups.some((other) => sameBytes(other, 0, group, 0, 16))) groups.push(group);
  }
  return groups;
}
