// What a forwarded packet costs: from the frame to the frame, without rules, with one hook function, and in fragments.
//     npx tsx bench/forward.ts [PACKETS]

import { parsePacket } from '../src/formats/packet-language/index.ts';
import type { Host } from '../src/host/host.ts';
import { FORWARD } from '../src/netfilter/constants.ts';
import { ACCEPT } from '../src/netfilter/verdict.ts';
import { bytes, MAC, router } from './router.ts';

const COUNT = Number(process.argv[2] ?? 1_000_000);
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
measure('echo answered', 'icmp 192.0.2.10 > 192.0.2.1 echo-request "0123456789abcdef"', COUNT / 4);
