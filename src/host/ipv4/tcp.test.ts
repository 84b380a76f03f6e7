import { describe, expect, test } from 'vitest';
import { Router } from './router.fixture.ts';

const FROM = 'tcp 192.0.2.10:1000 > 192.0.2.1:81';
const BACK = 'lan0: tcp 192.0.2.1:81 > 192.0.2.10:1000';

describe('a closed port', () => {
  test.each([
    ['syn seq 5', 'rst,ack ack 6 window 0 df'],
    ['syn seq 5 "data"', 'rst,ack ack 10 window 0 df'],
    ['fin seq 5', 'rst,ack ack 6 window 0 df'],
    ['flags none seq 5', 'rst,ack ack 5 window 0 df'],
    ['ack 9 seq 5', 'rst seq 9 window 0 df'],
    ['syn ack 9 seq 5', 'rst seq 9 window 0 df'],
    ['syn seq 4294967295 "abc"', 'rst,ack ack 3 window 0 df'],
    ['syn seq 5 tos 0xff', 'rst,ack ack 6 window 0 tos 0xfc df'],
    ['syn seq 5 option 2 hex:05b4', 'rst,ack ack 6 window 0 df'],
  ])('%s', (text, answer) => {
    expect(new Router().receive('lan0', `${FROM} ${text}`)).toEqual([`${BACK} ${answer}`]);
  });

  test.each([
    ['a reset', 'rst seq 5'],
    ['a wrong checksum', 'syn checksum 1'],
    ['a header that is too short', 'syn doff 16'],
    ['a header beyond the end', 'syn doff 24'],
    ['a signature', 'syn option 19 hex:00000000000000000000000000000000'],
  ])('%s is not answered', (_name, text) => {
    expect(new Router().receive('lan0', `${FROM} ${text}`)).toEqual([]);
  });

  test('nor what came in a broadcast frame, or to a broadcast address', () => {
    const router = new Router();
    expect(router.receive('lan0', `${FROM} syn`, 'ffffffffffff')).toEqual([]);
    expect(router.receive('lan0', 'tcp 192.0.2.10:1000 > 192.0.2.255:81 syn')).toEqual([]);
  });
});

describe('a listening socket', () => {
  const listening = () => {
    const router = new Router();
    expect(router.host.sockets.bind({ proto: 'tcp', address: '0.0.0.0', port: 81 })).toBeUndefined();
    return router;
  };

  test('answers SYN with SYN and ACK, with the options that were offered', () => {
    expect(listening().receive('lan0', `${FROM} syn seq 5 mss 1460 sackok wscale 7`)).toEqual([
      `${BACK} syn,ack seq 7 ack 6 mss 1460 nop nop sackok nop wscale 10 df`,
    ]);
  });

  test('repeats the answer after 1, 3, 7, 15 and 31 seconds, then forgets', () => {
    const router = listening();
    router.receive('lan0', `${FROM} syn seq 5`);
    const times: number[] = [];
    for (let second = 1; second <= 70; second++) {
      router.host.advance(1);
      if (router.take().length > 0) times.push(second);
    }
    expect(times).toEqual([1, 3, 7, 15, 31]);
  });

  test('a repeated SYN is answered, but not more often than twice a second', () => {
    const router = listening();
    const syn = () => router.receive('lan0', `${FROM} syn seq 5`).length;
    expect([syn(), syn(), syn()]).toEqual([1, 1, 0]);
    router.host.advance(0.6);
    expect(syn()).toBe(1);
  });

  test('the right ACK completes the connection; data and FIN are acknowledged', () => {
    const router = listening();
    router.receive('lan0', `${FROM} syn seq 5`);
    expect(router.receive('lan0', `${FROM} ack 8 seq 6`)).toEqual([]);
    expect(router.receive('lan0', `${FROM} psh ack 8 seq 6 "four"`)[0]).toContain('ack 10');
    expect(router.receive('lan0', `${FROM} fin ack 8 seq 10`)[0]).toContain('ack 11');
    router.host.advance(60);
    expect(router.take()).toEqual([]);
  });

  test('a wrong ACK is reset, a reset ends it, a SYN of another sequence number too', () => {
    const router = listening();
    router.receive('lan0', `${FROM} syn seq 5`);
    expect(router.receive('lan0', `${FROM} ack 99 seq 6`)[0]).toContain('rst');
    expect(router.receive('lan0', `${FROM} syn seq 500`)[0]).toContain('rst');
    router.receive('lan0', `${FROM} syn seq 5`);
    expect(router.receive('lan0', `${FROM} rst seq 6`)).toEqual([]);
    router.host.advance(60);
    expect(router.take()).toEqual([]);
  });

  test('what begins no connection is ignored, or reset if it has ACK', () => {
    const router = listening();
    expect(router.receive('lan0', `${FROM} fin`)).toEqual([]);
    expect(router.receive('lan0', `${FROM} syn fin`)).toEqual([]);
    expect(router.receive('lan0', `${FROM} rst`)).toEqual([]);
    expect(router.receive('lan0', `${FROM} ack 5`)[0]).toContain('rst');
  });

  test('a flood of SYNs is answered, but only sixteen are remembered', () => {
    const router = listening();
    for (let port = 1; port <= 40; port++) {
      expect(router.receive('lan0', `tcp 192.0.2.10:${port} > 192.0.2.1:81 syn`)).toHaveLength(1);
    }
    router.host.advance(1.1);
    expect(router.take()).toHaveLength(16);
  });

  test('closed, it forgets its connections', () => {
    const router = new Router();
    const socket = router.host.sockets.open({ proto: 'tcp', address: '192.0.2.1', port: 81 });
    if (typeof socket === 'string') throw new Error(socket);
    router.receive('lan0', `${FROM} syn`);
    socket.close();
    router.host.advance(60);
    expect(router.take()).toEqual([]);
    expect(router.receive('lan0', `${FROM} syn`)[0]).toContain('rst');
  });
});
