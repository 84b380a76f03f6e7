import { Host } from '../src/host/host.ts';
import { NUD } from '../src/host/neighbours/states.ts';
import { ROUTE_TYPE } from '../src/netfilter/services.ts';

export const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
export const MAC = bytes('020000000001');
const GATEWAY = (203 << 24) | (0 << 16) | (113 << 8) | 254 | 0;

/** A router between lan0 (192.0.2.1/24) and wan0 (203.0.113.1/24, the way out), and how many frames it has sent. */
export function router(mtu = 1500): { host: Host; sent: () => number } {
  let sent = 0;
  const host = new Host({ transmit: () => sent++ });
  const lan = host.interfaces.add({ name: 'lan0', mac: MAC, up: true });
  const wan = host.interfaces.add({ name: 'wan0', mac: bytes('020000000002'), mtu, up: true });
  host.sysctl.set('net.ipv4.ip_forward', '1');
  host.interfaces.addAddress4(lan, {
    address: (192 << 24) | (2 << 8) | 1 | 0,
    prefixLength: 24,
    broadcast: 0,
  });
  host.interfaces.addAddress4(wan, { address: (GATEWAY & ~255) | 1, prefixLength: 24, broadcast: 0 });
  for (const last of [10, 11]) {
    const asker = host.neighbours.table.make4(lan.index, (192 << 24) | (2 << 8) | last | 0);
    if (asker) host.neighbours.set(asker, bytes('020000000110'), NUD.PERMANENT);
  }
  const gateway = host.neighbours.table.make4(wan.index, GATEWAY);
  if (gateway) host.neighbours.set(gateway, bytes('0200000002fe'), NUD.PERMANENT);
  host.routing4.insert({
    table: 254,
    destination: 0,
    prefixLength: 0,
    tos: 0,
    priority: 0,
    type: ROUTE_TYPE.UNICAST,
    scope: 0,
    protocol: 3,
    source: 0,
    realm: 0,
    metrics: {},
    mtuLocked: false,
    nextHops: [
      { device: wan.index, gateway: GATEWAY, weight: 1, onlink: false, realm: 0, scope: 253, dead: false },
    ],
    made: new Map(),
  });
  return { host, sent: () => sent };
}
