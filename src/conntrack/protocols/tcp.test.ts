import { describe, expect, test } from 'vitest';
import { STATUS } from '../connection.ts';
import { EVENT } from '../events.ts';
import { talk } from './conversation.fixture.ts';
import { setTcpState, TCP_TIME_WAIT, tcpData } from './tcp-state.ts';

const OPEN = [
  '> syn seq 100 window 1000',
  '< syn,ack seq 500 ack 101 window 1000',
  '> ack seq 101 ack 501 window 1000',
];
const CLOSE = ['> fin,ack seq 101 ack 501 window 1000', '< fin,ack seq 501 ack 102 window 1000'];

/** After the handshake: what is said, and what becomes of it. */
const ESTABLISHED: readonly (readonly [about: string, says: readonly string[], becomes: string])[] = [
  ['data', ['> psh,ack seq 101 ack 501 window 1000 hex:0102'], 'ESTABLISHED 300 assured'],
  [
    'data that is acknowledged',
    ['> psh,ack seq 101 ack 501 window 1000 hex:0102', '< ack seq 501 ack 103 window 1000'],
    'ESTABLISHED 432000 assured',
  ],
  [
    'data beyond the window',
    ['> ack seq 3000 ack 501 window 1000 hex:0102'],
    'INVALID ESTABLISHED 432000 assured',
  ],
  [
    'a little beyond the window',
    ['> ack seq 1102 ack 501 window 1000 hex:0102'],
    'ESTABLISHED 432000 assured',
  ],
  [
    'an acknowledgment of what was not sent',
    ['> ack seq 101 ack 502 window 1000'],
    'INVALID ESTABLISHED 432000 assured',
  ],
  ['old data', ['> ack seq 4294966000 ack 501 window 1000 hex:01'], 'ESTABLISHED 432000 assured'],
  ['a SYN, which is let through', ['> syn seq 9000'], 'ESTABLISHED 432000 assured'],
  ['a SYN from the other side', ['< syn seq 9000'], 'INVALID ESTABLISHED 432000 assured'],
  ['a SYN and ACK from the client', ['> syn,ack seq 101 ack 501'], 'INVALID ESTABLISHED 432000 assured'],
  ['a FIN', ['> fin,ack seq 101 ack 501 window 1000'], 'FIN_WAIT 120 assured'],
  [
    'a FIN and its ACK',
    ['> fin,ack seq 101 ack 501 window 1000', '< ack seq 501 ack 102 window 1000'],
    'CLOSE_WAIT 60 assured',
  ],
  ['two FINs', CLOSE, 'LAST_ACK 30 assured'],
  ['the last ACK', [...CLOSE, '> ack seq 102 ack 502 window 1000'], 'TIME_WAIT 120 assured'],
  ['a new SYN after that', [...CLOSE, '> ack seq 102 ack 502 window 1000', '> syn seq 7000'], 'SYN_SENT 120'],
  ['a reset', ['< rst seq 501 ack 101'], 'CLOSE 10 assured'],
  ['a reset ahead of what was acknowledged', ['< rst seq 600 ack 101'], 'ESTABLISHED 10 assured'],
  ['a reset behind what was acknowledged', ['< rst seq 400 ack 101'], 'INVALID ESTABLISHED 432000 assured'],
  ['a reset far ahead', ['< rst seq 90000 ack 101'], 'INVALID ESTABLISHED 432000 assured'],
  [
    'a SYN that the server takes: it has forgotten',
    ['> syn seq 9000 window 99', '< syn,ack seq 7000 ack 9001 window 500'],
    'SYN_RECV 60 assured',
  ],
  [
    'a SYN that the server resets',
    ['> syn seq 9000 window 99', '< rst seq 0 acknowledgment 9001'],
    'CLOSE 10 assured',
  ],
  [
    'a reset of the client behind its own SYN, which answers nothing',
    ['> syn seq 9000 window 99', '> rst seq 90000 acknowledgment 9001'],
    'INVALID ESTABLISHED 432000 assured',
  ],
  ['the same ACK again and again', [OPEN[2]!, OPEN[2]!, OPEN[2]!, OPEN[2]!], 'ESTABLISHED 300 assured'],
  [
    'a window of zero',
    ['< ack seq 501 ack 101 window 1000', '> ack seq 101 ack 501 window 0'],
    'ESTABLISHED 300 assured',
  ],
  [
    'a FIN out of the window, and one back',
    [
      '> ack seq 101 ack 501 window 1001',
      '< ack seq 501 ack 101 window 1000',
      '> fin,ack seq 99000 ack 501',
      '< fin,ack seq 99000 ack 101',
    ],
    'INVALID ESTABLISHED 300 assured',
  ],
];

describe('an established connection hears', () => {
  test.each(ESTABLISHED)('%s', (_about, says, becomes) => {
    const t = talk('tcp');
    expect(t.says(...OPEN)).toBe('ESTABLISHED 432000 assured');
    expect(t.says(...says)).toBe(becomes);
  });
});

describe('a connection begins', () => {
  const FIRST: readonly (readonly [says: readonly string[], becomes: string])[] = [
    [['> syn seq 100'], 'SYN_SENT 120'],
    [['> syn seq 100', '< syn,ack seq 500 ack 101'], 'SYN_RECV 60'],
    [['> syn seq 100', '< syn seq 500'], 'SYN_SENT2 120'],
    [
      ['> syn seq 100', '< syn seq 500', '> syn,ack seq 100 ack 501', '< ack seq 501 ack 101'],
      'ESTABLISHED 432000 assured',
    ],
    [['> syn seq 100', '< rst,ack seq 0 ack 101'], 'gone'],
    [['> syn seq 100', '> rst seq 101'], 'gone'],
    [['> ack seq 100 ack 5'], 'ESTABLISHED 300'],
    [['> ack seq 100 ack 5', '< ack seq 5 ack 100'], 'ESTABLISHED 300'],
    [['> rst seq 100'], 'INVALID'],
    [['> fin,ack seq 100 ack 1'], 'INVALID'],
    [['> syn,ack seq 100 ack 1'], 'INVALID'],
    [['> syn,fin seq 100'], 'INVALID'],
    [['> flags none seq 100'], 'INVALID'],
    [['> syn seq 100 checksum 1'], 'INVALID'],
    [['> syn seq 100 doff 60'], 'INVALID'],
    [['> syn seq 100', '< ack seq 900 ack 50', '> rst seq 50'], 'CLOSE 10'],
  ];
  test.each(FIRST)('%j: %s', (says, becomes) => {
    expect(talk('tcp').says(...says)).toBe(becomes);
  });

  test('SYNs alone do not put its end off', () => {
    const t = talk('tcp');
    t.says('> syn seq 100');
    t.host.advance(50);
    expect(t.says('> syn seq 100')).toBe('SYN_SENT 70');
  });

  test('in the middle only while that is allowed', () => {
    const t = talk('tcp');
    t.sysctl('tcp_loose', 0);
    expect(t.says('> ack seq 100 ack 5')).toBe('INVALID');
  });
});

describe('windows', () => {
  const SCALED = [
    '> syn seq 100 window 1000 wscale 4 sackok',
    '< syn,ack seq 500 ack 101 window 1000 wscale 2 sackok',
    '> ack seq 101 ack 501 window 100',
  ];

  test('are scaled by what both sides offered', () => {
    const t = talk('tcp');
    t.says(...SCALED);
    const { sides } = tcpData(t.connection()!);
    expect([sides[0].scale, sides[1].scale]).toEqual([4, 2]);
    expect(sides[1].maxEnd).toBe(501 + 1600);
    expect(t.says('< ack seq 2101 ack 101 window 1000')).toBe('ESTABLISHED 300 assured');
    expect(t.says('< ack seq 9999 ack 101 window 1000')).toBe('INVALID ESTABLISHED 300 assured');
  });

  test('are not scaled if only one side offered it', () => {
    const t = talk('tcp');
    t.says('> syn seq 100 wscale 4', '< syn,ack seq 500 ack 101');
    const { sides } = tcpData(t.connection()!);
    expect([sides[0].scale, sides[1].scale]).toEqual([0, 0]);
  });

  test('an option that is too large counts as 14', () => {
    const t = talk('tcp');
    t.says('> syn seq 100 wscale 200', '< syn,ack seq 500 ack 101 wscale 1');
    expect(tcpData(t.connection()!).sides[0].scale).toBe(14);
  });

  test('selective acknowledgments move them', () => {
    const t = talk('tcp');
    t.says(...SCALED, '> ack seq 101 ack 501 window 100 hex:0102030405060708');
    expect(t.says('< ack seq 501 ack 101 window 1000 sack 103-105')).toBe('ESTABLISHED 300 assured');
    expect(tcpData(t.connection()!).sides[0].maxEnd).toBe(105 + 4000);
    expect(t.says('< ack seq 501 ack 101 window 1000 sack 103-205')).toBe('INVALID ESTABLISHED 300 assured');
  });

  test('do not matter to a liberal tracker', () => {
    const t = talk('tcp');
    t.sysctl('tcp_be_liberal', 1);
    expect(t.says(...OPEN, '> ack seq 90000 ack 90000')).toBe('ESTABLISHED 432000 assured');
  });

  test('are forgotten when tracking pauses', () => {
    const t = talk('tcp');
    t.says(...OPEN);
    const connection = t.connection()!;
    t.host.conntrack.trackerOf(6).resume?.(connection);
    expect(t.says('> ack seq 70000 ack 80000 window 1000')).not.toContain('INVALID');
  });
});

describe('TIME_WAIT and challenges', () => {
  test('an ACK that answers a SYN in LAST_ACK is no last ACK', () => {
    const t = talk('tcp');
    t.says(...OPEN, '< fin,ack seq 501 ack 101 window 1000', '> fin,ack seq 101 ack 502 window 1000');
    expect(t.says('> syn seq 9000', '< ack seq 502 ack 101 window 1000')).toBe('LAST_ACK 30 assured');
    expect(t.says('< ack seq 502 ack 102 window 1000')).toBe('TIME_WAIT 120 assured');
  });

  test('a state set by hand is not judged by windows, and opens again', () => {
    const t = talk('tcp');
    t.says(...OPEN);
    setTcpState(t.connection()!, TCP_TIME_WAIT);
    expect(t.says('> ack seq 77777 ack 88888')).toBe('TIME_WAIT 120 assured');
    expect(t.says('> syn seq 5')).toBe('SYN_SENT 120');
  });
});

test('a rule may give timeouts of its own', () => {
  const t = talk('tcp');
  t.says(...OPEN);
  t.connection()!.timeouts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  expect(t.says(OPEN[2]!)).toBe('ESTABLISHED 4 assured');
  expect(t.says(CLOSE[0]!)).toBe('FIN_WAIT 5 assured');
});

test('events tell of states', () => {
  const t = talk('tcp');
  const events: number[] = [];
  t.host.conntrack.events.listen((_kind, _connection, what) => events.push(what));
  t.says(...OPEN);
  expect(events).toEqual([
    EVENT.NEW | EVENT.PROTOINFO,
    EVENT.REPLY | EVENT.PROTOINFO,
    EVENT.ASSURED | EVENT.PROTOINFO,
  ]);
});

test('what is invalid is logged where that is asked for', () => {
  const t = talk('tcp');
  t.sysctl('log_invalid', 6);
  t.says(...OPEN, '> ack seq 101 ack 9999 window 1000', '> syn seq 101', '> flags none');
  expect(t.log.map((line) => line.replace(/ IN=.*/, ''))).toEqual([
    '<5>nf_ct_proto_6: ACK is over upper bound 502 (ACKed data not seen yet)',
    '<5>nf_ct_proto_6: packet (index 0) in dir 0 ignored, state ESTABLISHED',
    '<5>nf_ct_proto_6: invalid tcp flag combination',
  ]);
});

test('a connection that is ending may be dropped early, an established one not', () => {
  const t = talk('tcp');
  t.says(...OPEN);
  const tracker = t.host.conntrack.trackerOf(6);
  expect(tracker.canEarlyDrop?.(t.connection()!)).toBe(false);
  t.says(...CLOSE);
  expect(t.connection()!.status & STATUS.ASSURED).not.toBe(0);
  expect(tracker.canEarlyDrop?.(t.connection()!)).toBe(true);
});
