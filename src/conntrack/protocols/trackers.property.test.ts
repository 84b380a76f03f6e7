import fc from 'fast-check';
import { expect, test } from 'vitest';
import { talk } from './conversation.fixture.ts';
import { setSctpState } from './sctp-state.ts';
import { setTcpState, TCP_STATE_NAMES, tcpData } from './tcp-state.ts';

const RUNS = process.env.FIVEHOOKS_LONG ? 20_000 : 150;
const word = fc.integer({ min: 0, max: 0xffffffff });
const hex = fc
  .uint8Array({ maxLength: 24 })
  .map((bytes) => `hex:${Buffer.from(bytes).toString('hex') || '00'}`);

/** A segment with flags, numbers near each other or anywhere, and options that may be broken. */
const segment = fc
  .record({
    to: fc.constantFrom('>', '<'),
    flags: fc.constantFrom(
      'syn',
      'syn,ack',
      'ack',
      'psh,ack',
      'fin,ack',
      'rst',
      'rst,ack',
      'flags none',
      'flags 0xff',
    ),
    sequence: fc.oneof(fc.integer({ min: 0, max: 50 }), word),
    acknowledgment: fc.oneof(fc.integer({ min: 0, max: 50 }), word),
    window: fc.integer({ min: 0, max: 65535 }),
    options: fc.constantFrom(
      '',
      'wscale 255',
      'sackok',
      'sack 1-40',
      'options hex:05ff0101',
      'options hex:03020304',
    ),
    data: fc.option(hex, { nil: '' }),
  })
  .map((s) => {
    const acknowledgment = s.flags.includes('ack') ? `ack ${s.acknowledgment}` : '';
    return `${s.to} ${s.flags} seq ${s.sequence} ${acknowledgment} window ${s.window} ${s.options} ${s.data}`;
  });

test('whatever TCP says, its state is one there is, and windows stay 32-bit numbers', () => {
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 20 }), fc.nat(9), (segments, state) => {
      const t = talk('tcp');
      for (const [number, text] of segments.entries()) {
        t.says(text);
        const connection = t.connection();
        if (connection === undefined) continue;
        if (number === 5) setTcpState(connection, state);
        expect(TCP_STATE_NAMES[connection.state]).toBeDefined();
        for (const side of tcpData(connection).sides) {
          expect(side.end).toBe(side.end | 0);
          expect(side.maxEnd).toBe(side.maxEnd | 0);
          expect(side.maxWindow).toBe(side.maxWindow >>> 0);
        }
      }
    }),
    { numRuns: RUNS },
  );
});

/** Chunks of any kind and length. */
const association = fc
  .record({
    to: fc.constantFrom('>', '<'),
    tag: fc.oneof(fc.integer({ min: 0, max: 3 }), word),
    chunks: fc.array(fc.record({ kind: fc.nat(15), flags: fc.nat(1), body: hex }), { maxLength: 3 }),
  })
  .map(
    ({ to, tag, chunks }) =>
      `${to} vtag ${tag} ${chunks.map(({ kind, flags, body }) => `chunk ${kind} flags ${flags} ${body}`).join(' ')}`,
  );

test('whatever SCTP says, its state is one there is', () => {
  fc.assert(
    fc.property(fc.array(association, { minLength: 1, maxLength: 20 }), fc.nat(9), (packets, state) => {
      const t = talk('sctp');
      for (const [number, text] of packets.entries()) {
        t.says(text);
        const connection = t.connection();
        if (connection === undefined) continue;
        if (number === 5) setSctpState(connection, state, 1, 2);
        expect(connection.state).toBeLessThanOrEqual(9);
        expect(connection.timeout).not.toBeNaN();
      }
    }),
    { numRuns: RUNS },
  );
});
