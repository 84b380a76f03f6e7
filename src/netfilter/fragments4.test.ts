import { describe, expect, test } from 'vitest';
import { FragmentSizes } from './fragments.ts';
import { DEFRAG_CONNTRACK_IN, DEFRAG_LOCAL, Fragments4, isFragment4, LARGEST_HAD_DF } from './fragments4.ts';
import { Packet } from './packet.ts';
import { Timers } from './timers.ts';

const DF = 0x4000;
const MF = 0x2000;

/** A fragment of `length` bytes at `offset`. */
function piece(offset: number, length: number, flags: number, tos = 0, id = 1): Packet {
  const packet = new Packet();
  packet.reset();
  packet.resize(20 + length);
  const { bytes, network } = packet;
  const field = flags | (offset >> 3);
  bytes.set(
    [0x45, tos, 0, 0, 0, id, field >> 8, field & 255, 64, 17, 0, 0, 192, 0, 2, 10, 192, 0, 2, 1],
    network,
  );
  for (let i = 0; i < length; i++) bytes[network + 20 + i] = offset + i;
  packet.inDevice = 2;
  return packet;
}

function bench(maxDistance = 64) {
  const timers = new Timers();
  const drops: string[] = [];
  const expired: Packet[] = [];
  const log: string[] = [];
  const fragments = new Fragments4({
    timers,
    settings: { timeout: () => 30e6, highThreshold: () => 1 << 22, maxDistance: () => maxDistance },
    drop: (_packet, _where, reason) => drops.push(reason),
    release: () => {},
    expired: (packet) => expired.push(packet),
    log: (_level, text) => log.push(text),
    random: () => 1,
  });
  return { timers, drops, expired, log, fragments };
}

function checksumIsRight(packet: Packet): boolean {
  let sum = 0;
  for (let i = 0; i < 20; i += 2) {
    sum += (packet.bytes[packet.network + i]! << 8) | packet.bytes[packet.network + i + 1]!;
  }
  return (sum & 0xffff) + (sum >> 16) === 0xffff;
}

test('the whole has length, checksum and no fragment bits; its fields are the first fragment’s', () => {
  const { fragments } = bench();
  const last = piece(24, 9, 0);
  last.mark = 5;
  const first = piece(0, 24, MF);
  first.mark = 3;
  expect([isFragment4(first), isFragment4(last)]).toEqual([true, true]);
  expect(fragments.add(last, DEFRAG_LOCAL)).toBe(false);
  expect(fragments.add(first, DEFRAG_LOCAL)).toBe(true);
  expect(first.mark).toBe(3);
  expect([first.length, first.fragmentMax, isFragment4(first), checksumIsRight(first)]).toEqual([
    53,
    44,
    false,
    true,
  ]);
  expect([...first.bytes.slice(first.network + 20, first.end)]).toEqual(
    Array.from({ length: 33 }, (_, i) => i),
  );
  expect(fragments.waiting).toBe(0);
});

test('the last to come becomes the whole, with its own route and interface', () => {
  const { fragments } = bench();
  const first = piece(0, 8, MF);
  first.inDevice = 3;
  const last = piece(8, 8, 0);
  const route = { type: 1, outDevice: 4, mtu: 1500, realm: 0 };
  last.route = route;
  fragments.add(first, DEFRAG_LOCAL);
  expect(fragments.add(last, DEFRAG_LOCAL)).toBe(true);
  expect([last.route, last.inDevice, last.length]).toEqual([route, 2, 36]);
});

test('connection tracking keeps the sizes, the host does not', () => {
  for (const user of [DEFRAG_LOCAL, DEFRAG_CONNTRACK_IN]) {
    const { fragments } = bench();
    fragments.add(piece(0, 24, MF), user);
    const last = piece(24, 8, 0);
    fragments.add(last, user);
    const sizes = last.control instanceof FragmentSizes ? last.control.pieces : [];
    expect(sizes).toEqual(user === DEFRAG_LOCAL ? [] : [24, 8]);
  }
});

test.each([
  ['the largest has DF', DF, 0, true],
  ['only a smaller one has DF', 0, DF, false],
])('DF of the whole: %s', (_name, onFirst, onLast, wanted) => {
  const { fragments } = bench();
  const whole = piece(24, 8, onLast);
  fragments.add(piece(0, 24, MF | onFirst), DEFRAG_LOCAL);
  fragments.add(whole, DEFRAG_LOCAL);
  expect(whole.bytes[whole.network + 6]).toBe(wanted ? 0x40 : 0);
  expect((whole.flags & LARGEST_HAD_DF) !== 0).toBe(wanted);
});

test('a length that is no multiple of eight is cut, but for the last fragment', () => {
  const { fragments } = bench();
  fragments.add(piece(0, 13, MF), DEFRAG_LOCAL);
  const last = piece(8, 3, 0);
  expect(fragments.add(last, DEFRAG_LOCAL)).toBe(true);
  expect(last.length).toBe(31);
});

describe('what does not fit together', () => {
  test.each([
    ['overlap', [piece(0, 16, MF), piece(8, 16, MF)], 'fragments overlap'],
    ['no data', [piece(0, 0, MF)], 'a fragment without data'],
    ['beyond the end', [piece(8, 8, 0), piece(16, 8, MF)], 'a fragment lies behind the last one'],
    ['another end', [piece(8, 8, 0), piece(16, 8, 0)], 'a fragment lies behind the last one'],
    [
      'contradicting ECN',
      [piece(0, 8, MF, 0), piece(8, 8, 0, 1)],
      'the ECN bits of its fragments contradict',
    ],
    ['too long', [piece(0, 8, MF), piece(8, 65520, 0)], 'longer than 65535 bytes'],
  ] as const)('%s', (_name, pieces, reason) => {
    const { fragments, drops, log } = bench();
    for (const packet of pieces) {
      const copy = new Packet();
      copy.copyFrom(packet);
      expect(fragments.add(copy, DEFRAG_LOCAL)).toBe(false);
    }
    expect(drops).toEqual([reason]);
    expect([fragments.waiting, fragments.memory]).toEqual([0, 0]);
    expect(log).toEqual(reason.startsWith('longer') ? ['IPv4: Oversized IP packet from 192.0.2.10'] : []);
  });
});

test('a duplicate is dropped, and the others go on', () => {
  const { fragments, drops } = bench();
  fragments.add(piece(0, 8, MF), DEFRAG_LOCAL);
  fragments.add(piece(0, 8, MF), DEFRAG_LOCAL);
  expect(drops).toEqual(['duplicate fragment']);
  expect(fragments.add(piece(8, 8, 0), DEFRAG_LOCAL)).toBe(true);
});

test('time over: only with the first fragment is there someone to tell', () => {
  const { fragments, timers, expired } = bench();
  fragments.add(piece(0, 8, MF, 0, 1), DEFRAG_LOCAL);
  fragments.add(piece(8, 8, 0, 0, 2), DEFRAG_LOCAL);
  timers.advance(31e6);
  expect(expired.map((packet) => packet.bytes[packet.network + 5])).toEqual([1]);
  expect(fragments.waiting).toBe(0);
});

test('after more than ipfrag_max_dist fragments of its source a queue begins anew', () => {
  for (const [others, whole] of [
    [2, true],
    [3, false],
  ] as const) {
    const { fragments } = bench(3);
    fragments.add(piece(0, 8, MF), DEFRAG_LOCAL);
    for (let id = 2; id < 2 + others; id++) fragments.add(piece(0, 8, MF, 0, id), DEFRAG_LOCAL);
    expect(fragments.add(piece(8, 8, 0), DEFRAG_LOCAL)).toBe(whole);
  }
});
