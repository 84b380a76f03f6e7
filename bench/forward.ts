// What a forwarded packet costs: from the frame to the frame, without rules, with one hook function, and in fragments.
//     npx tsx bench/forward.ts [PACKETS]

import { parsePacket } from '../src/formats/packet-language/index.ts';
import { Host } from '../src/host/host.ts';
import { NUD } from '../src/host/neighbours/states.ts';
import { FORWARD } from '../src/netfilter/constants.ts';
import { ROUTE_TYPE } from '../src/netfilter/services.ts';
import { ACCEPT } from '../src/netfilter/verdict.ts';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const MAC = bytes('020000000001');
const GATEWAY = (203 << 24) | (0 << 16) | (113 << 8) | 254 | 0;

function router(mtu: number): { host: Host; sent: () => number } {
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
    nextHops: [{ device: wan.index, gateway: GATEWAY, weight: 1, onlink: false, scope: 253, dead: false }],
    made: new Map(),
  });
  return { host, sent: () => sent };
}

function measure(
  name: string,
  text: string,
  count: number,
  mtu = 1500,
  prepare: (host: Host) => void = () => {},
): void {
  const { host, sent } = router(mtu);
  prepare(host);
  const frame = parsePacket(text).frame({ source: bytes('020000000110'), destination: MAC });
  for (let i = 0; i < 20_000; i++) host.receive('lan0', frame);
  const before = sent();
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) host.receive('lan0', frame);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const grown = (process.memoryUsage().heapUsed - heap) / count;
  const rate = Math.round(count / seconds).toLocaleString('en');
  const cost = ((seconds * 1e9) / count).toFixed(0);
  console.log(
    `${name.padEnd(34)} ${cost.padStart(6)} ns  ${rate.padStart(10)}/s  ${(sent() - before) / count} out  heap ${grown.toFixed(1)} B/packet`,
  );
}

const SMALL = 'udp 192.0.2.10:1 > 198.51.100.20:2 len 22';
const LARGE = 'udp 192.0.2.10:1 > 198.51.100.20:2 len 1472';
measure('forwarded, 64 bytes', SMALL, COUNT);
measure('forwarded, 1514 bytes', LARGE, COUNT);
measure('forwarded, one hook function', SMALL, COUNT, 1500, (host) => {
  host.hooks.register({ name: 'pass', hook: FORWARD, priority: 0, run: () => ACCEPT });
});
measure('three fragments of 1514 bytes', LARGE, COUNT / 4, 576);
measure(
  'echo answered',
  'icmp 192.0.2.10 > 192.0.2.1 echo-request "0123456789abcdef"',
  COUNT / 4,
  1500,
  (host) => {
    const lan = host.interfaces.require('lan0');
    const asker = host.neighbours.table.make4(lan.index, (192 << 24) | (2 << 8) | 10 | 0);
    if (asker) host.neighbours.set(asker, bytes('020000000110'), NUD.PERMANENT);
  },
);
