import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FragmentHost6, Fragments6, TAKEN, WHOLE } from './fragments6.ts';
import { Packet } from './packet.ts';
import { Timers } from './timers.ts';

const PAYLOAD = Uint8Array.from({ length: 64 }, (_, i) => i);

/** A fragment of PAYLOAD: the bytes `from` to `to`. */
function piece(from: number, to: number, more: boolean, identification = 1, trafficClass = 0): Packet {
  const packet = new Packet();
  packet.reset();
  packet.resize(48 + to - from);
  const { bytes, network } = packet;
  bytes.fill(0, network, packet.end);
  bytes[network] = 0x60 | (trafficClass >> 4);
  bytes[network + 1] = (trafficClass & 15) << 4;
  bytes[network + 5] = 8 + to - from;
  bytes[network + 6] = 44;
  bytes[network + 40] = 17;
  bytes[network + 42] = from >> 8;
  bytes[network + 43] = (from & 0xf8) | (more ? 1 : 0);
  bytes[network + 47] = identification;
  bytes.set(PAYLOAD.subarray(from, to), network + 48);
  packet.inDevice = 2;
  return packet;
}

function setUp() {
  const timers = new Timers();
  const expired: Packet[] = [];
  const dropped: string[] = [];
  const host: FragmentHost6 = {
    timers,
    settings: { timeout: () => 60e6, highThreshold: () => 1 << 22 },
    drop: (_packet, _where, reason) => dropped.push(reason),
    release: () => {},
    expired: (packet) => expired.push(packet),
    random: () => 42,
  };
  const fragments = new Fragments6(host);
  const add = (packet: Packet) => fragments.add(packet, packet.network + 40, 6, 0);
  return { timers, expired, dropped, fragments, add };
}

function payloadOf(packet: Packet): Uint8Array {
  return packet.bytes.slice(packet.transport, packet.end);
}

describe('reassembly', () => {
  it('makes one packet of fragments in any order', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 8, 16, 24, 32, 40, 48, 56], { minLength: 8, maxLength: 8 }),
        (order) => {
          const { add, fragments } = setUp();
          order.forEach((from, i) => {
            const packet = piece(from, from + 8, from < 56);
            const result = add(packet);
            expect(result).toBe(i === 7 ? WHOLE : TAKEN);
            if (result !== WHOLE) return;
            expect(payloadOf(packet)).toEqual(PAYLOAD);
            expect(packet.bytes[packet.network + 6]).toBe(17);
            expect(packet.bytes[packet.network + 5]).toBe(64);
            expect(packet.fragmentMax).toBe(56);
          });
          expect(fragments.waiting).toBe(0);
          expect(fragments.memory).toBe(0);
        },
      ),
    );
  });

  it('ignores a duplicate, and drops all that overlap', () => {
    const { add, dropped, fragments } = setUp();
    expect(add(piece(0, 32, true))).toBe(TAKEN);
    expect(add(piece(8, 16, true))).toBe(TAKEN);
    expect(dropped).toEqual(['duplicate fragment']);
    expect(add(piece(24, 64, false))).toBe(TAKEN);
    expect(dropped[1]).toBe('fragments overlap');
    expect(fragments.waiting).toBe(0);
  });

  it('says where a bad length is', () => {
    const { add } = setUp();
    expect(add(piece(0, 30, true))).toBe(4);
    const far = piece(0, 16, false);
    far.bytes[far.network + 42] = 0xff;
    far.bytes[far.network + 43] = 0xf8;
    expect(add(far)).toBe(42);
  });

  it('drops fragments behind the last one, and ones without data', () => {
    const { add, dropped } = setUp();
    add(piece(0, 32, true, 2));
    add(piece(32, 48, false, 2));
    const { add: more } = setUp();
    expect(more(piece(8, 8, true))).toBe(TAKEN);
    expect(dropped).toEqual([]);
    add(piece(32, 48, false, 3));
    add(piece(32, 64, true, 3));
    expect(dropped).toEqual(['a fragment lies behind the last one']);
  });

  it('keeps congestion that any fragment met, and drops contradictions', () => {
    const { add, dropped } = setUp();
    add(piece(0, 32, true, 1, 3));
    const whole = piece(32, 64, false, 1, 1);
    expect(add(whole)).toBe(WHOLE);
    expect(whole.bytes[whole.network + 1]! >> 4).toBe(3);
    add(piece(0, 32, true, 2, 0));
    expect(add(piece(32, 64, false, 2, 1))).toBe(TAKEN);
    expect(dropped).toEqual(['the ECN bits of its fragments contradict']);
  });

  it('gives the first fragment back when time is up', () => {
    const { add, expired, timers, fragments } = setUp();
    add(piece(32, 64, false, 1));
    add(piece(0, 32, true, 2));
    timers.advance(61e6);
    expect(expired).toHaveLength(1);
    expect(expired[0]!.length).toBe(80);
    expect(fragments.waiting).toBe(0);
    expect(fragments.memory).toBe(0);
  });
});

it('takes anything', () => {
  const { fragments } = setUp();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 48, maxLength: 200 }), (bytes) => {
      const packet = new Packet();
      packet.reset();
      packet.resize(bytes.length);
      packet.bytes.set(bytes, packet.network);
      const result = fragments.add(packet, packet.network + 40, 6, 0);
      expect(result).toBeGreaterThanOrEqual(WHOLE);
    }),
    { numRuns: 2000 },
  );
});
