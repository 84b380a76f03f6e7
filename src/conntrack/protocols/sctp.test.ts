import { describe, expect, test } from 'vitest';
import { EVENT } from '../events.ts';
import { talk } from './conversation.fixture.ts';
import { SCTP_ESTABLISHED, sctpData, setSctpState } from './sctp-state.ts';

/** An INIT or INIT ACK with this tag: credit, streams and the first TSN follow it. */
const tagged = (name: string, tag: string) => `${name} hex:${tag}00010000000a000a00000001`;

const INIT = `> vtag 0 ${tagged('init', '00000011')}`;
const INIT_ACK = `< vtag 0x11 ${tagged('init-ack', '00000022')}`;
const OPEN = [INIT, INIT_ACK, '> vtag 0x22 cookie-echo hex:00', '< vtag 0x11 cookie-ack'];
const CLOSING = ['> vtag 0x22 shutdown hex:00000000', '< vtag 0x11 shutdown-ack'];

test('an association opens', () => {
  const t = talk('sctp');
  expect(OPEN.map((packet) => t.says(packet))).toEqual([
    'CLOSED 10',
    'COOKIE_WAIT 3',
    'COOKIE_ECHOED 3',
    'ESTABLISHED 210 assured',
  ]);
});

const SAID: readonly (readonly [about: string, says: readonly string[], becomes: string])[] = [
  ['data', ['> vtag 0x22 data flags 3 hex:000000010000000000000000ab'], 'ESTABLISHED 210 assured'],
  ['data with the wrong tag', ['> vtag 0x23 data hex:00'], 'INVALID ESTABLISHED 210 assured'],
  ['a shutdown', CLOSING.slice(0, 1), 'SHUTDOWN_SENT 3 assured'],
  ['a shutdown of the server', ['< vtag 0x11 shutdown hex:00000000'], 'SHUTDOWN_RECD 3 assured'],
  ['a shutdown and its ACK', CLOSING, 'SHUTDOWN_ACK_SENT 3 assured'],
  ['the whole shutdown', [...CLOSING, '> vtag 0x22 shutdown-complete'], 'CLOSED 10 assured'],
  ['its end with the own tag', [...CLOSING, '> vtag 0x11 shutdown-complete flags 1'], 'CLOSED 10 assured'],
  [
    'its end with neither',
    [...CLOSING, '> vtag 0x11 shutdown-complete'],
    'INVALID SHUTDOWN_ACK_SENT 3 assured',
  ],
  ['an abort', ['> vtag 0x22 abort'], 'CLOSED 10 assured'],
  ['an abort with the wrong tag', ['> vtag 0x11 abort'], 'INVALID ESTABLISHED 210 assured'],
  [
    'a heartbeat',
    ['> vtag 0x22 heartbeat hex:00', '< vtag 0x11 heartbeat-ack hex:00'],
    'ESTABLISHED 210 assured',
  ],
  ['an INIT with a tag', ['> vtag 5 init hex:00'], 'INVALID ESTABLISHED 210 assured'],
  ['an INIT that is cut off', ['> vtag 0 init hex:00'], 'INVALID ESTABLISHED 210 assured'],
  ['an INIT beside other chunks', [`${INIT} data hex:00`], 'INVALID ESTABLISHED 210 assured'],
  ['a bad CRC', ['> vtag 0x22 checksum 1 data hex:00'], 'INVALID ESTABLISHED 210 assured'],
];

describe('an association hears', () => {
  test.each(SAID)('%s', (_about, says, becomes) => {
    expect(talk('sctp').says(...OPEN, ...says)).toBe(becomes);
  });
});

describe('what an association begins with', () => {
  const FIRST: readonly (readonly [packet: string, becomes: string])[] = [
    ['> vtag 7 heartbeat hex:00', 'HEARTBEAT_SENT 30'],
    ['> vtag 7 shutdown-ack', 'SHUTDOWN_ACK_SENT 3'],
    ['> vtag 7 data hex:00', 'INVALID'],
    ['> vtag 7 abort', 'INVALID'],
    ['> vtag 7 cookie-ack', 'INVALID'],
    [`> vtag 1 ${tagged('init', '00000011')}`, 'INVALID'],
    ['> vtag 1', 'INVALID'],
  ];
  test.each(FIRST)('%s: %s', (packet, becomes) => {
    expect(talk('sctp').says(packet)).toBe(becomes);
  });

  test('INITs alone do not put its end off', () => {
    const t = talk('sctp');
    t.says(INIT);
    t.host.advance(4);
    expect(t.says(INIT)).toBe('CLOSED 6');
  });

  test('a heartbeat over a further path is answered', () => {
    expect(talk('sctp').says('> vtag 7 heartbeat hex:00', '< vtag 9 heartbeat-ack hex:00')).toBe(
      'ESTABLISHED 210 assured',
    );
  });
});

describe('another INIT ACK', () => {
  const AGAIN = `< vtag 0x11 ${tagged('init-ack', '00000033')}`;

  test('is believed while the association opens', () => {
    expect(talk('sctp').says(INIT, INIT_ACK, AGAIN)).toBe('COOKIE_WAIT 3');
  });

  test('is not believed once it is open, not even behind a repeated INIT', () => {
    expect(talk('sctp').says(...OPEN, AGAIN)).toBe('INVALID ESTABLISHED 210 assured');
    expect(talk('sctp').says(...OPEN, INIT, AGAIN)).toBe('INVALID ESTABLISHED 210 assured');
  });

  test('is believed behind another INIT', () => {
    const anew = `> vtag 0 ${tagged('init', '00000044')}`;
    expect(talk('sctp').says(...OPEN, anew, `< vtag 0x44 ${tagged('init-ack', '00000033')}`)).toBe(
      'ESTABLISHED 210 assured',
    );
  });
});

describe('tags of heartbeats', () => {
  test('another tag passes, and holds once it is answered', () => {
    const t = talk('sctp');
    expect(t.says(...OPEN, '> vtag 0x99 heartbeat hex:00')).toBe('ESTABLISHED 210 assured');
    expect(t.says('< vtag 0x77 heartbeat-ack hex:00')).toBe('ESTABLISHED 210 assured');
    expect(sctpData(t.connection()!).tags).toEqual([0, 0x77]);
  });

  test('an answer alone does not change one', () => {
    expect(talk('sctp').says(...OPEN, '< vtag 0x77 heartbeat-ack hex:00')).toBe(
      'INVALID ESTABLISHED 210 assured',
    );
  });
});

test('a state set by hand has its tags', () => {
  const t = talk('sctp');
  t.says(INIT);
  setSctpState(t.connection()!, SCTP_ESTABLISHED, 0x01000000, 0x02000000);
  expect(t.says('> vtag 1 data hex:00')).toBe('ESTABLISHED 210');
  expect(t.says('< vtag 1 data hex:00')).toBe('INVALID ESTABLISHED 210');
});

test('events tell of states', () => {
  const t = talk('sctp');
  const events: number[] = [];
  t.host.conntrack.events.listen((_kind, _connection, what) => events.push(what));
  t.says(...OPEN);
  expect(events).toEqual([
    EVENT.NEW | EVENT.PROTOINFO,
    EVENT.REPLY | EVENT.PROTOINFO,
    EVENT.PROTOINFO,
    EVENT.PROTOINFO | EVENT.ASSURED,
  ]);
});

test('what is invalid is logged where that is asked for', () => {
  const t = talk('sctp');
  t.sysctl('log_invalid', 132);
  t.says(...OPEN, '> vtag 0x23 data hex:00', '> vtag 0x22 checksum 1 data hex:00');
  expect(t.log.map((line) => line.replace(/ IN=.*/, ''))).toEqual([
    '<5>nf_ct_proto_132: verification tag check failed 23000000 vs 22000000 for dir 0',
    '<5>nf_ct_proto_132: nf_ct_sctp: bad CRC ',
  ]);
});

test('only an association that is ending may be dropped early', () => {
  const t = talk('sctp');
  t.says(...OPEN);
  const tracker = t.host.conntrack.trackerOf(132);
  expect(tracker.canEarlyDrop?.(t.connection()!)).toBe(false);
  t.says(...CLOSING);
  expect(tracker.canEarlyDrop?.(t.connection()!)).toBe(true);
});
