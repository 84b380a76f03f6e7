// What tracking connections costs: packets of known connections, first packets, and a flood into a full table.
//     npx tsx bench/conntrack.ts [PACKETS]

import { parsePacket } from '../src/formats/packet-language/index.ts';
import type { Host } from '../src/host/host.ts';
import { set32 } from '../src/wire/bytes.ts';
import { checksum } from '../src/wire/checksum.ts';
import { ipv4HeaderLength, setIpv4Checksum } from '../src/wire/ipv4.ts';
import { bytes, MAC, router } from './router.ts';

const COUNT = Number(process.argv[2] ?? 1_000_000);
const IP = 14;

/** Frames of so many flows: `next(flow)` makes the flow's frame in one buffer. */
function flows(text: string): (flow: number) => Uint8Array {
  const frame = parsePacket(text).frame({ source: bytes('020000000110'), destination: MAC });
  const port = IP + ipv4HeaderLength(frame, IP);
  // No checksum behind IP: it is not what is measured.
  if (frame[IP + 9] === 17) frame.fill(0, port + 6, port + 8);
  return (flow) => {
    set32(frame, IP + 12, (10 << 24) | (flow >>> 8));
    frame[port + 1] = flow & 255;
    setIpv4Checksum(frame, IP, 0);
    setIpv4Checksum(frame, IP, checksum(frame, IP, port));
    return frame;
  };
}

function measure(name: string, count: number, prepare: (host: Host) => (i: number) => Uint8Array): void {
  const { host, sent } = router();
  const next = prepare(host);
  const before = sent();
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) host.receive('lan0', next(i));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const heap = (process.memoryUsage().heapUsed / 1e6).toFixed(0);
  const cost = ((seconds * 1e9) / count).toFixed(0);
  const entries = host.conntrack.count;
  console.log(
    `${name.padEnd(44)} ${cost.padStart(6)} ns  ${(sent() - before).toLocaleString('en')} out  ${entries} entries  heap ${heap} MB`,
  );
}

const UDP = 'udp 10.0.0.1:1 > 198.51.100.20:53 len 22';
const SYN = 'tcp 10.0.0.1:1 > 198.51.100.20:80 syn';

measure('untracked, 10,000 flows', COUNT, () => {
  const next = flows(UDP);
  return (i) => next(i % 10_000);
});
measure('tracked, 10,000 flows', COUNT, (host) => {
  host.conntrack.acquire(4);
  const next = flows(UDP);
  for (let i = 0; i < 10_000; i++) host.receive('lan0', next(i));
  return (i) => next(i % 10_000);
});
measure('every packet a new flow', Math.min(COUNT, 200_000), (host) => {
  host.conntrack.acquire(4);
  host.sysctl.set('net.netfilter.nf_conntrack_max', '0');
  return flows(UDP);
});
for (const part of [1, 2, 4]) {
  measure(`SYN flood, ${(COUNT / 4) * part} sources, 65,536 entries`, (COUNT / 4) * part, (host) => {
    host.conntrack.acquire(4);
    host.sysctl.set('net.netfilter.nf_conntrack_max', '65536');
    host.sysctl.set('net.netfilter.nf_conntrack_checksum', '0');
    return flows(SYN);
  });
}
