import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DUPLICATE, INSERTED, OVERLAP, Reassembly, reassembledEcn } from './fragments.ts';
import type { Packet } from './packet.ts';
import { PacketPool } from './pool.ts';
import { Timers } from './timers.ts';

function bench(highThreshold = 1 << 22) {
  const timers = new Timers();
  const pool = new PacketPool();
  const released: Packet[] = [];
  const expired: number[] = [];
  const reassembly = new Reassembly(
    timers,
    { timeout: () => 30e6, highThreshold: () => highThreshold },
    (packet) => released.push(packet),
    (queue) => expired.push(queue.key[0]!),
    7,
  );
  const piece = (payload: Uint8Array): Packet => {
    const packet = pool.acquire();
    packet.resize(20 + payload.length);
    packet.bytes.fill(9, packet.network, packet.network + 20);
    packet.bytes.set(payload, packet.network + 20);
    return packet;
  };
  return { timers, reassembly, released, expired, piece };
}

const cuts = fc.record({
  length: fc.integer({ min: 1, max: 400 }),
  at: fc.uniqueArray(fc.nat(399), { maxLength: 12 }),
});

test('whatever the cuts and the order, the payload comes back, and nothing is left', () => {
  fc.assert(
    fc.property(cuts, fc.infiniteStream(fc.nat()), ({ length, at }, random) => {
      const { reassembly, released, piece } = bench();
      const payload = Uint8Array.from({ length }, (_, i) => i);
      const ends = [...at.filter((cut) => cut > 0 && cut < length).sort((a, b) => a - b), length];
      const parts = ends.map((end, i) => ({ from: i === 0 ? 0 : ends[i - 1]!, end }));
      const order = parts.map((part) => ({ part, key: random.next().value as number }));
      order.sort((a, b) => a.key - b.key);
      const queue = reassembly.find(Int32Array.of(1))!;
      queue.length = length;
      queue.lastIn = true;
      let whole: Packet | undefined;
      for (const { part } of order) {
        const packet = piece(payload.subarray(part.from, part.end));
        expect(reassembly.insert(queue, packet, packet.network + 20, part.from, part.end)).toBe(INSERTED);
        if (queue.complete) {
          const sizes = reassembly.assemble(queue, packet, queue.head!.packet.network + 20);
          expect(sizes).toEqual(parts.map(({ from, end }) => end - from));
          whole = packet;
        }
      }
      expect(whole?.bytes.slice(whole.network + 20, whole.end)).toEqual(payload);
      expect(released).toHaveLength(parts.length - 1);
      expect([reassembly.waiting, reassembly.memory]).toEqual([0, 0]);
    }),
  );
});

test('against a map of bytes: a fragment goes in only where no byte is known', () => {
  const fragment = fc.record({ offset: fc.nat(30), length: fc.integer({ min: 1, max: 10 }) });
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 20 }), (fragments) => {
      const { reassembly, piece } = bench();
      const queue = reassembly.find(Int32Array.of(1))!;
      const known = new Set<number>();
      for (const { offset, length } of fragments) {
        const packet = piece(new Uint8Array(length));
        const answer = reassembly.insert(queue, packet, packet.network + 20, offset, offset + length);
        const bytes = Array.from({ length }, (_, i) => offset + i);
        const some = bytes.some((byte) => known.has(byte));
        expect(answer === INSERTED).toBe(!some);
        if (answer === DUPLICATE) expect(bytes.every((byte) => known.has(byte))).toBe(true);
        if (answer === INSERTED) for (const byte of bytes) known.add(byte);
        expect(queue.received).toBe(known.size);
      }
    }),
  );
});

describe('runs, as the kernel has them', () => {
  const insertAll = (parts: readonly (readonly [number, number])[]): number[] => {
    const { reassembly, piece } = bench();
    const queue = reassembly.find(Int32Array.of(1))!;
    return parts.map(([from, to]) => {
      const packet = piece(new Uint8Array(to - from));
      return reassembly.insert(queue, packet, packet.network + 20, from, to);
    });
  };

  test('within one run: a duplicate, also across its fragments', () => {
    expect(
      insertAll([
        [0, 8],
        [8, 16],
        [4, 12],
      ]),
    ).toEqual([INSERTED, INSERTED, DUPLICATE]);
  });

  test('within two runs that touch: an overlap, though every byte is known', () => {
    expect(
      insertAll([
        [0, 8],
        [16, 24],
        [8, 16],
        [4, 12],
      ]),
    ).toEqual([INSERTED, INSERTED, INSERTED, OVERLAP]);
  });
});

test('queues run out of time together, the youngest first; what waited is released', () => {
  const { timers, reassembly, released, expired, piece } = bench();
  for (const key of [1, 2, 3]) {
    const queue = reassembly.find(Int32Array.of(key))!;
    const packet = piece(new Uint8Array(8));
    reassembly.insert(queue, packet, packet.network + 20, 0, 8);
    if (key === 2) reassembly.kill(queue);
  }
  timers.advance(29.9e6);
  expect(expired).toEqual([]);
  timers.advance(0.2e6);
  expect(expired).toEqual([3, 1]);
  expect(released).toHaveLength(3);
  expect([reassembly.waiting, reassembly.memory]).toEqual([0, 0]);
});

test('beyond the threshold nothing more is taken', () => {
  const { reassembly, piece } = bench(2000);
  let taken = 0;
  for (let key = 0; key < 10; key++) {
    const queue = reassembly.find(Int32Array.of(key));
    if (!queue) break;
    const packet = piece(new Uint8Array(8));
    reassembly.insert(queue, packet, packet.network + 20, 0, 8);
    taken++;
  }
  expect(taken).toBe(3);
});

test('the ECN bits of the whole (RFC 3168)', () => {
  const seen = (...bits: number[]) => reassembledEcn(bits.reduce((all, bit) => all | (1 << bit), 0));
  expect(seen(0)).toBe(0);
  expect(seen(1)).toBe(0);
  expect(seen(1, 2)).toBe(0);
  expect(seen(3)).toBe(0);
  expect(seen(3, 1)).toBe(3);
  expect(seen(0, 1)).toBe(-1);
  expect(seen(0, 3)).toBe(-1);
});
