import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Family } from '../netfilter/constants.ts';
import { OUTPUT, PREROUTING, PRIORITY } from '../netfilter/constants.ts';
import { ACCEPT } from '../netfilter/verdict.ts';
import { type Bench, bench } from '../xtables/extension.fixture.ts';

const SOURCE = {
  4: [192, 0, 2, 10],
  6: [0x20, 1, 0xd, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10],
} as const;
const TARGET = { 4: [203, 0, 113, 9], 6: [0x20, 1, 0xd, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9] } as const;
const LAN_MAC = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0x10];
const LINK = 14;
/** Bytes before the payload of a fragment. */
const HEADERS = { 4: 20, 6: 48 } as const;
const UDP = 17;

interface Part {
  readonly from: number;
  readonly end: number;
  readonly more: boolean;
}

/** A frame with the bytes of `payload` that a fragment has; IPv4's header checksum is right. */
function frameOf(family: Family, payload: Uint8Array, { from, end, more }: Part, id = 1): Uint8Array {
  const header = HEADERS[family];
  const frame = new Uint8Array(LINK + header + end - from);
  frame.set([...LAN_MAC, ...(family === 4 ? [8, 0] : [0x86, 0xdd])]);
  const length = header + end - from;
  if (family === 4) {
    const field = (more ? 0x2000 : 0) | (from >> 3);
    const fields = [0x45, 0, length >> 8, length & 255, id >> 8, id & 255, field >> 8, field & 255, 64, UDP];
    frame.set([...fields, 0, 0, ...SOURCE[4], ...TARGET[4]], LINK);
    let sum = 0;
    for (let i = 0; i < 20; i += 2) sum += (frame[LINK + i]! << 8) | frame[LINK + i + 1]!;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
    frame.set([sum >> 8, sum & 255], LINK + 10);
  } else {
    const field = from | (more ? 1 : 0);
    frame.set([0x60, 0, 0, 0, (length - 40) >> 8, (length - 40) & 255, 44, 64], LINK);
    frame.set(
      [...SOURCE[6], ...TARGET[6], UDP, 0, field >> 8, field & 255, 0, 0, id >> 8, id & 255],
      LINK + 8,
    );
  }
  frame.set(payload.subarray(from, end), LINK + header);
  return frame;
}

/** What passes PREROUTING behind defragmentation: the payloads of whole packets, and how many are fragments. */
function watch({ host }: Bench, family: Family): { wholes: Uint8Array[]; fragments: number } {
  const seen = { wholes: [] as Uint8Array[], fragments: 0 };
  host.hooks.register({
    name: 'watch',
    family,
    hook: PREROUTING,
    priority: PRIORITY.DEFRAG + 1,
    run: ({ bytes, network, end }) => {
      const isFragment =
        family === 4
          ? (bytes[network + 6]! & 0x3f) !== 0 || bytes[network + 7] !== 0
          : bytes[network + 6] === 44;
      if (isFragment) seen.fragments++;
      else seen.wholes.push(bytes.slice(network + (family === 4 ? 20 : 40), end));
      return ACCEPT;
    },
  });
  return seen;
}

/** The fragments among what has left: offset, bytes of payload, whether more follow, identification. */
function left(b: Bench, family: Family) {
  return b.out.splice(0).map((line) => {
    const bytes = Buffer.from(line.slice(line.indexOf(' ') + 1), 'hex');
    const field = bytes.readUInt16BE(family === 4 ? 6 : 42);
    return {
      from: family === 4 ? (field & 0x1fff) << 3 : field & 0xfff8,
      size: bytes.length - HEADERS[family],
      more: (field & (family === 4 ? 0x2000 : 1)) !== 0,
      id: family === 4 ? bytes.readUInt16BE(4) : bytes.readUInt32BE(44),
      payload: bytes.subarray(HEADERS[family]),
    };
  });
}

function parts(length: number, cuts: readonly number[]): Part[] {
  const inside = [...new Set(cuts.map((cut) => cut * 8))].filter((cut) => cut < length).sort((a, b) => a - b);
  const ends = [...inside, length];
  return ends.map((end, i) => ({ from: i === 0 ? 0 : ends[i - 1]!, end, more: end < length }));
}

const datagrams = fc.record({
  length: fc.integer({ min: 16, max: 2400 }),
  cuts: fc.array(fc.integer({ min: 1, max: 170 }), { minLength: 1, maxLength: 10 }),
  keys: fc.array(fc.nat(), { minLength: 11, maxLength: 11 }),
});

describe.each([4, 6] as const)('IPv%i', (family) => {
  test('any cuts, in any order: one packet inside, the same fragments outside', () => {
    fc.assert(
      fc.property(datagrams, ({ length, cuts, keys }) => {
        const b = bench();
        const seen = watch(b, family);
        b.host.defrag.acquire(family);
        const payload = Uint8Array.from({ length }, (_, i) => (i * 7) ^ (i >> 8));
        const all = parts(length, cuts).filter(({ from, end }) => end - from <= 1400);
        fc.pre(all.length > 1 && all.reduce((sum, { from, end }) => sum + end - from, 0) === length);
        const order = all.map((part, i) => ({ part, key: keys[i]! })).sort((x, y) => x.key - y.key);
        for (const { part } of order) {
          expect(b.out).toHaveLength(0);
          b.host.receive('lan0', frameOf(family, payload, part, 77));
        }
        expect(seen.fragments).toBe(0);
        expect(seen.wholes).toEqual([payload]);
        const largest = Math.max(...all.map(({ from, end }) => end - from)) + HEADERS[family];
        if (family === 6 && 40 + length <= largest) {
          // Without a fragment header the whole is not longer than what came (ip6_finish_output).
          expect(b.out).toHaveLength(1);
          return;
        }
        const gone = left(b, family);
        expect(gone.map(({ from, size, more }) => ({ from, end: from + size, more }))).toEqual(all);
        expect(Buffer.concat(gone.map((one) => one.payload))).toEqual(Buffer.from(payload));
        expect(new Set(gone.map(({ id }) => id)).size).toBe(1);
        if (family === 4) expect(gone[0]!.id).toBe(77);
      }),
      { numRuns: 60 },
    );
  });

  test('hostile fragments: nothing is thrown, memory has its limit, and time frees it', () => {
    const part = fc.record({
      from: fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 8191 })),
      size: fc.integer({ min: 0, max: 60 }),
      more: fc.boolean(),
      id: fc.integer({ min: 0, max: 5 }),
      damage: fc.option(fc.record({ at: fc.integer({ min: LINK, max: LINK + 60 }), value: fc.nat(255) })),
      lost: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(40)),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 60 }), (given) => {
        const b = bench();
        b.host.defrag.acquire(family);
        const { fragments } = family === 4 ? b.host.ipv4 : { fragments: b.host.defrag.fragments6 };
        const limit = 6000;
        const name =
          family === 4 ? 'net/ipv4/ipfrag_high_thresh' : 'net/netfilter/nf_conntrack_frag6_high_thresh';
        const low =
          family === 4 ? 'net/ipv4/ipfrag_low_thresh' : 'net/netfilter/nf_conntrack_frag6_low_thresh';
        expect(b.host.sysctl.set(low, '0')).toBeUndefined();
        expect(b.host.sysctl.set(name, String(limit))).toBeUndefined();
        const payload = new Uint8Array(65536 + 60);
        for (const { from, size, more, id, damage, lost } of given) {
          const frame = frameOf(family, payload, { from: from * 8, end: from * 8 + size, more }, id);
          if (damage && damage.at < frame.length) frame[damage.at] = damage.value;
          b.host.receive('lan0', frame.subarray(0, Math.max(LINK, frame.length - lost)));
          expect(fragments.memory).toBeLessThanOrEqual(limit + 1000);
        }
        b.host.advance(61);
        expect([fragments.waiting, fragments.memory]).toEqual([0, 0]);
      }),
      { numRuns: 150 },
    );
  });

  test('only while somebody needs it', () => {
    const b = bench();
    const seen = watch(b, family);
    const payload = new Uint8Array(32);
    const both = parts(32, [2]);
    const pass = () => {
      for (const part of both) b.host.receive('lan0', frameOf(family, payload, part));
      return [seen.fragments, seen.wholes.length];
    };
    expect(pass()).toEqual([2, 0]);
    const first = b.host.defrag.acquire(family);
    const second = b.host.defrag.acquire(family);
    first();
    first();
    expect(pass()).toEqual([2, 1]);
    second();
    expect(pass()).toEqual([4, 1]);
    b.host.conntrack.acquire(family);
    expect(pass()).toEqual([4, 2]);
  });

  test('one family’s need is not the other’s', () => {
    const b = bench();
    const seen = watch(b, family);
    b.host.defrag.acquire(family === 4 ? 6 : 4);
    b.host.receive('lan0', frameOf(family, new Uint8Array(32), parts(32, [2])[0]!));
    expect(seen.fragments).toBe(1);
  });

  test('time over: the router says nothing of IPv4, and tells the sender of IPv6', () => {
    const b = bench();
    b.host.defrag.acquire(family);
    b.host.receive('lan0', frameOf(family, new Uint8Array(32), parts(32, [2])[0]!));
    b.host.advance(family === 4 ? 29 : 59);
    expect(b.out).toEqual([]);
    b.host.advance(2);
    expect(b.out.filter((line) => line.startsWith('lan0'))).toHaveLength(family === 4 ? 0 : 1);
  });
});

test('it stands at priority -400 in PREROUTING and OUTPUT', () => {
  const b = bench();
  const order: string[] = [];
  for (const priority of [PRIORITY.DEFRAG - 1, PRIORITY.DEFRAG + 1]) {
    b.host.hooks.register({
      name: 'watch',
      family: 4,
      hook: [PREROUTING, OUTPUT],
      priority,
      run: () => {
        order.push(priority < PRIORITY.DEFRAG ? 'before' : 'behind');
        return ACCEPT;
      },
    });
  }
  b.host.defrag.acquire(4);
  const payload = new Uint8Array(32);
  for (const part of parts(32, [2])) b.host.receive('lan0', frameOf(4, payload, part));
  expect(order).toEqual(['before', 'before', 'behind']);
  order.length = 0;
  for (const part of parts(32, [2])) b.host.send(frameOf(4, payload, part).subarray(LINK));
  expect(order).toEqual(['before', 'before', 'behind']);
});
