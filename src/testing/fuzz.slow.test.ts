import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { buildHost } from '../formats/build-host.ts';
import { readHostDescription } from '../formats/host-description.ts';

/** A million with `npm run test:long`. */
const COUNT = process.env.FIVEHOOKS_LONG ? 1_000_000 : 100_000;
/** Bytes that may be held more at the end than after the first tenth: what caches and tables may grow to. */
const MOST_GROWTH = 48 << 20;

const scenarios = resolve(import.meta.dirname, '../../conformance/scenarios');

/** Every frame that the scenarios feed to a host, and every packet that a process sends. */
function seeds(): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const area of readdirSync(scenarios)) {
    for (const name of readdirSync(join(scenarios, area))) {
      const { steps } = JSON.parse(readFileSync(join(scenarios, area, name), 'utf8')) as {
        steps: { frame?: string; send?: string }[];
      };
      for (const { frame } of steps) if (frame) found.push(Uint8Array.from(Buffer.from(frame, 'hex')));
    }
  }
  return found;
}

/** A fixed sequence of unsigned 32-bit numbers (xorshift32). */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const RULES = `*raw
-A PREROUTING -p tcp --tcp-option 2 -j TRACE
COMMIT
*mangle
-A PREROUTING -m length --length 100: -j MARK --set-mark 1
-A FORWARD -j TOS --set-tos 0x10
COMMIT
*filter
:chain - [0:0]
-A INPUT -p tcp --syn -j REJECT --reject-with tcp-reset
-A INPUT -m limit --limit 10/sec -j LOG --log-tcp-options --log-ip-options --log-tcp-sequence --log-macdecode
-A FORWARD -p udp -m multiport --ports 1:1023 -j chain
-A FORWARD -m addrtype --dst-type UNICAST -m mac ! --mac-source 02:00:00:00:00:99
-A FORWARD -p tcp -m mark --mark 1 -j REJECT --reject-with ADMIN
-A chain -p udp --sport 53 -j REJECT
-A OUTPUT -m owner ! --socket-exists
COMMIT
`;

test(`${COUNT} random and mutated frames: no exception, no growth of memory`, () => {
  let frames = 0;
  const host = buildHost(
    readHostDescription({
      interfaces: [
        { name: 'lan0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24', '2001:db8:1::1/64'] },
        { name: 'wan0', mac: '02:00:00:00:00:02', addresses: ['203.0.113.1/24', '2001:db8:2::1/64'] },
      ],
      neighbors: [{ dev: 'wan0', ip: '203.0.113.254', mac: '02:00:00:00:02:fe' }],
      routes: ['default via 203.0.113.254 dev wan0', '-6 default via 2001:db8:2::fe dev wan0'],
      sysctls: {
        'net.ipv4.ip_forward': '1',
        'net.ipv6.conf.all.forwarding': '1',
        'net.ipv4.conf.all.accept_source_route': '1',
        'net.ipv4.conf.all.accept_redirects': '1',
        'net.ipv4.conf.all.log_martians': '1',
      },
      iptables: RULES.replace('ADMIN', 'icmp-admin-prohibited'),
      ip6tables: RULES.replace('ADMIN', 'icmp6-adm-prohibited'),
    }),
    {
      transmit: (_, frame) => {
        frames += frame.length > 0 ? 1 : 0;
      },
    },
  );
  const below = sequence(0x9e3779b9);
  const given = seeds();
  const heap = () => {
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage().heapUsed;
  };
  let after = 0;
  for (let i = 0; i < COUNT; i++) {
    const frame = given[below(given.length)]!.slice();
    for (let changes = below(4); changes > 0; changes--) frame[below(frame.length)] = below(256);
    if (below(50) === 0) scramble(frame, below);
    const cut = below(10) === 0 ? frame.subarray(0, below(frame.length + 1)) : frame;
    try {
      host.receive(below(2) ? 'lan0' : 'wan0', cut);
      if (below(20) === 0 && cut.length > 34) host.send(cut.subarray(14), { uid: below(3), mark: below(3) });
    } catch (error) {
      throw new Error(`frame ${Buffer.from(cut).toString('hex')}: ${(error as Error).stack}`);
    }
    if (i % 100 === 0) host.advance(below(1000) / 100);
    if (i === Math.floor(COUNT / 10)) after = heap();
  }
  host.advance(120);
  expect(frames).toBeGreaterThan(COUNT / 20);
  expect(heap() - after).toBeLessThan(MOST_GROWTH);
});

/** Random bytes from the IP header on. */
function scramble(frame: Uint8Array, below: (limit: number) => number): void {
  for (let i = 14; i < frame.length; i++) frame[i] = below(256);
}
