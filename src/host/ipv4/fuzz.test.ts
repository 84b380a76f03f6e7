import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePacket } from '../../formats/packet-language/index.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { bytesOf, Router } from './router.fixture.ts';

const RUNS = process.env.FIVEHOOKS_LONG ? 200_000 : 3000;

const SEEDS = [
  'udp 192.0.2.10:1 > 198.51.100.20:2 "hello"',
  'udp 192.0.2.10:1 > 192.0.2.1:53 "hello"',
  'udp 192.0.2.10:1 > 192.0.2.1:9 record-route 3 "hello"',
  'tcp 192.0.2.10:1000 > 192.0.2.1:80 syn mss 1460 sackok timestamp 1/2',
  'tcp 192.0.2.10:1000 > 192.0.2.1:81 ack 5 "data"',
  'icmp 192.0.2.10 > 192.0.2.1 echo-request id 1 seq 2 "ping"',
  'icmp 192.0.2.10 > 192.0.2.1 fragmentation-needed mtu 600 { udp 192.0.2.1:53 > 192.0.2.10:1 "x" }',
  'icmp 192.0.2.10 > 192.0.2.1 host-redirect gateway 192.0.2.12 { icmp 192.0.2.1 > 198.51.100.20 echo-reply }',
  'udp 192.0.2.10:1 > 192.0.2.1:9 lsrr 10.0.0.80,198.51.100.20 ttl 2 "x"',
  'ip 192.0.2.10 > 192.0.2.1 proto 17 mf id 3 len 24',
  'ip 192.0.2.10 > 192.0.2.1 proto 17 offset 24 id 3 len 24',
  'udp 192.0.2.10:1 > 192.0.2.255:53 "hello"',
  'udp 192.0.2.10:1 > 224.0.0.1:53 "hello"',
  'arp who-has 192.0.2.1 tell 192.0.2.7',
].map((text) =>
  parsePacket(text).frame({ source: bytesOf('020000000110'), destination: bytesOf('020000000001') }),
);

/** Which packets of the host's pool are in use. */
function watchPool(router: Router): Set<Packet> {
  const { pool } = router.host;
  const held = new Set<Packet>();
  const acquire = pool.acquire.bind(pool);
  const release = pool.release.bind(pool);
  pool.acquire = () => {
    const packet = acquire();
    expect(held.has(packet)).toBe(false);
    held.add(packet);
    return packet;
  };
  pool.release = (packet) => {
    held.delete(packet);
    release(packet);
  };
  return held;
}

/** A change of a frame: bytes set, cut or grown; the header checksum made right again, so that more than it is tried. */
const mutation = fc.record({
  seed: fc.nat(SEEDS.length - 1),
  set: fc.array(fc.tuple(fc.nat(120), fc.nat(255)), { maxLength: 6 }),
  cut: fc.option(fc.nat(100)),
  grow: fc.option(fc.uint8Array({ maxLength: 60 })),
  fix: fc.boolean(),
  device: fc.constantFrom('lan0', 'wan0', 'dmz0'),
});

function mutate({
  seed,
  set,
  cut,
  grow,
  fix,
}: typeof mutation extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  let frame = SEEDS[seed]!.slice();
  if (grow) frame = Uint8Array.from([...frame, ...grow]);
  for (const [at, value] of set) if (at < frame.length) frame[at] = value;
  if (cut !== null) frame = frame.slice(0, cut);
  if (fix && frame.length >= 34) {
    const length = (frame[14]! & 15) * 4;
    const total = frame.length - 14;
    frame[16] = total >> 8;
    frame[17] = total & 255;
    frame[24] = 0;
    frame[25] = 0;
    let sum = 0;
    for (let i = 14; i < Math.min(14 + length, frame.length - 1); i += 2)
      sum += (frame[i]! << 8) | frame[i + 1]!;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    frame[24] = (~sum >> 8) & 255;
    frame[25] = ~sum & 255;
  }
  return frame;
}

function hostile(): Router {
  const router = new Router({ wan0: 300 });
  router.set('conf/all/accept_source_route', 1);
  router.set('conf/lan0/accept_source_route', 1);
  router.set('conf/all/send_redirects', 1);
  router.set('conf/all/accept_redirects', 1);
  router.set('icmp_echo_ignore_broadcasts', 0);
  router.set('icmp_echo_enable_probe', 1);
  router.host.sockets.bind({ proto: 'udp', address: '0.0.0.0', port: 53, receive: () => {} });
  router.host.sockets.bind({ proto: 'tcp', address: '0.0.0.0', port: 80 });
  return router;
}

test('random and mutated frames: no exception, and every packet comes back to the pool', () => {
  const router = hostile();
  const held = watchPool(router);
  fc.assert(
    fc.property(
      fc.oneof(
        mutation.map((made) => ({ device: made.device, frame: mutate(made) })),
        noise,
      ),
      (one) => {
        router.host.receive(one.device, one.frame);
        router.take();
        router.drops.length = 0;
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  // What still waits, for neighbours and for fragments, is given up in time.
  router.host.advance(120);
  expect(held.size).toBe(0);
  expect([router.host.ipv4.fragments.waiting, router.host.ipv4.fragments.memory]).toEqual([0, 0]);
});

const noise = fc.record({
  device: fc.constantFrom('lan0', 'wan0', 'dmz0'),
  frame: fc
    .uint8Array({ maxLength: 120 })
    .map((bytes) => Uint8Array.from([...bytesOf('0200000000010200000001100800'), ...bytes])),
});

test('random packets of a process: an error name or nothing, and none is lost', () => {
  const router = hostile();
  const held = watchPool(router);
  const packet = fc.oneof(
    mutation.map((made) => mutate(made).slice(14)),
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Uint8Array.from([0x45, ...bytes])),
  );
  fc.assert(
    fc.property(packet, (bytes) => {
      if ((bytes[0] ?? 0) >> 4 === 6) return;
      expect(router.host.send(bytes) ?? 'E').toMatch(/^E/);
      router.take();
      router.drops.length = 0;
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  router.host.advance(120);
  expect(held.size).toBe(0);
});
