/** A replay of a long capture: its memory, and what Wireshark's tools say of what it wrote. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parsePacket } from '../formats/packet-language/index.ts';
import { pcapHeader, pcapRecord } from '../formats/pcap.ts';
import type { ReplayData } from '../replay/summary.ts';
import { parseMac } from '../wire/address.ts';

/** Bytes of the capture: 1 GB in the long run. */
const SIZE = process.env.FIVEHOOKS_LONG === undefined ? 40e6 : 1e9;
/** Kilobytes of memory that are allowed. */
const MOST = 300_000;

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'fivehooks-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOST = join(folder, 'host.json');
writeFileSync(
  HOST,
  JSON.stringify({
    interfaces: [
      { name: 'lan0', mac: '02:00:00:00:00:01', addresses: ['10.0.0.1/8'] },
      { name: 'wan0', mac: '02:00:00:00:00:02', addresses: ['203.0.113.1/24'] },
    ],
    routes: ['default via 203.0.113.9 dev wan0'],
    sysctls: { 'net.ipv4.ip_forward': '1' },
    iptables:
      '*nat\n-A POSTROUTING -o wan0 -j MASQUERADE\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\n' +
      '-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\n' +
      '-A FORWARD -i lan0 -p udp -m udp --dport 40053 -j ACCEPT\n-A FORWARD -p udp -m udp --dport 1900 -j DROP\nCOMMIT\n',
  }),
);

/** Datagrams of ever new connections, some of which no rule lets pass; answers how many. */
function writeCapture(file: string): number {
  const macs = { destination: parseMac('02:00:00:00:00:01')!, source: parseMac('02:00:00:00:01:10')! };
  // The checksum of UDP is left out (0), so that addresses can be changed in place.
  const frames = ['40053', '1900', '40009'].map((port) =>
    parsePacket(`udp 10.0.0.0:0 > 198.51.100.7:${port} checksum 0 "${'x'.repeat(600)}"`).frame(macs),
  );
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, pcapHeader({ linkType: 1 }));
  let written = 24;
  let count = 0;
  while (written < SIZE) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < 2000; at++, count++) {
      const frame = frames[count % 10 < 8 ? 0 : (count % 10) - 7]!.slice();
      setHost(frame, count >> 2);
      const seconds = 1_700_000_000 + Math.floor(count / 5000);
      parts.push(pcapRecord({ seconds, nanoseconds: (count % 5000) * 200_000, bytes: frame }));
    }
    const piece = Buffer.concat(parts);
    writeSync(descriptor, piece);
    written += piece.length;
  }
  closeSync(descriptor);
  return count;
}

/** Makes the source 10.x.y.z, with a checksum that fits. */
function setHost(frame: Uint8Array, host: number): void {
  const view = new DataView(frame.buffer);
  view.setUint32(26, (0x0a000002 + (host % 0xfffff0)) >>> 0);
  view.setUint16(34, 1024 + (host % 60000));
  view.setUint16(24, 0);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~(sum + (sum >>> 16)) & 0xffff);
}

test('of a long capture: little memory, and captures that Wireshark reads', () => {
  const [capture, out, dropped] = ['in.pcap', 'out.pcapng', 'dropped.pcapng'].map((name) =>
    join(folder, name),
  );
  const count = writeCapture(capture!);
  const script = `
    const { main } = await import(${JSON.stringify(join(root, 'src/node/program.ts'))});
    const status = await main(${JSON.stringify(['replay', '--host', HOST, '--json', '--summary', '-w', out, '--dropped', dropped, capture])});
    process.stderr.write(JSON.stringify({ status, memory: process.resourceUsage().maxRSS }));
  `;
  const done = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
    cwd: root,
    maxBuffer: 1 << 26,
  });
  const { status, memory } = JSON.parse(done.stderr) as { status: number; memory: number };
  expect(status).toBe(0);
  const { summary } = JSON.parse(done.stdout) as { summary: ReplayData };
  expect(summary.packets).toBe(count);
  expect(summary.ends).toEqual({ sent: (count * 8) / 10, dropped: (count * 2) / 10 });
  expect(memory).toBeLessThan(MOST);
  console.log(`${count} frames: ${Math.round(memory / 1000)} MB`);
  if (spawnSync('capinfos', ['--version']).status !== 0) {
    console.log('capinfos and tshark are not here: what was written is not shown to them.');
    return;
  }
  expect(packetsIn(out!)).toBe(summary.ends.sent! + summary.made);
  expect(packetsIn(dropped!)).toBe(summary.ends.dropped);
  const told = spawnSync(
    'tshark',
    ['-r', dropped!, '-c', '2', '-T', 'fields', '-e', 'frame.comment', '-e', 'frame.interface_name'],
    {
      encoding: 'utf8',
    },
  );
  expect(told.stdout.trim().split('\n')).toEqual([
    'dropped by rule 3 of filter FORWARD: -A FORWARD -p udp -m udp --dport 1900 -j DROP\tlan0',
    'dropped by the policy of filter FORWARD\tlan0',
  ]);
  const bad = ['-o', 'ip.check_checksum:TRUE', '-Y', 'ip.checksum.status == "Bad"'];
  const wrong = spawnSync('tshark', ['-r', out!, '-c', '20000', ...bad], { encoding: 'utf8' });
  expect([wrong.status, wrong.stdout]).toEqual([0, '']);
});

/** What capinfos counts; it must not complain. */
function packetsIn(file: string): number {
  const done = spawnSync('capinfos', ['-Mrc', file], { encoding: 'utf8' });
  expect([done.status, done.stderr]).toEqual([0, '']);
  return Number(
    /Number of packets(?:\s*=|:)?\s*(\d+)/.exec(done.stdout)?.[1] ?? done.stdout.trim().split(/\s+/).at(-1),
  );
}
