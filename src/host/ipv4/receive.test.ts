import { expect, test } from 'vitest';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { Router } from './router.fixture.ts';

const ECHO = 'icmp 192.0.2.10 > 192.0.2.1 echo-request id 1 seq 2';
const REPLY = 'lan0: icmp 192.0.2.1 > 192.0.2.10 echo-reply id 1 seq 2 ip.id 7';

test.each([
  [`${ECHO} cut 19`, 'the header is cut off'],
  [`${ECHO} version 5`, 'the version is wrong'],
  [`${ECHO} ihl 16`, 'the header says it is shorter than a header can be'],
  [`${ECHO} ihl 60`, 'the header says it is longer than what is there'],
  [`${ECHO} ip.checksum 1`, 'the checksum is wrong'],
  [`${ECHO} length 200`, 'the length is longer than what is there'],
  [`${ECHO} length 19`, 'the length is shorter than the header'],
])('%s', (text, reason) => {
  const router = new Router();
  expect(router.receive('lan0', text)).toEqual([]);
  expect(router.drops).toEqual([`IPv4 header: ${reason}`]);
});

test('padding behind the packet is cut off', () => {
  expect(new Router().receive('lan0', `${ECHO} padding 18`)).toEqual([REPLY]);
});

test('a frame for another station is not ours', () => {
  const router = new Router();
  expect(router.receive('lan0', ECHO, '020000009999')).toEqual([]);
  expect(router.drops).toEqual(['IPv4 header: a frame for another station']);
});

test('unicast in a broadcast frame: for the host unless told otherwise, never forwarded', () => {
  const router = new Router();
  expect(router.receive('lan0', ECHO, 'ffffffffffff')).toEqual([REPLY]);
  expect(router.receive('lan0', 'udp 192.0.2.10:1 > 198.51.100.20:2', 'ffffffffffff')).toEqual([]);
  router.set('conf/all/drop_unicast_in_l2_multicast', 1);
  expect(router.receive('lan0', ECHO, 'ffffffffffff')).toEqual([]);
});

test('a route that says no is told, five times at once to each sender, then once a second', () => {
  const router = new Router();
  router.addRoute({ to: '100.64.0.0', length: 16, type: ROUTE_TYPE.UNREACHABLE });
  router.addRoute({ to: '100.65.0.0', length: 16, type: ROUTE_TYPE.PROHIBIT });
  router.addRoute({ to: '100.66.0.0', length: 16, type: ROUTE_TYPE.BLACKHOLE });
  const told = (to: string, from = '192.0.2.10') =>
    router.receive('lan0', `udp ${from}:1 > ${to}:2`).map((line) => line.split(' ')[5]);
  expect(told('100.66.0.1')).toEqual([]);
  expect(told('100.65.0.1')).toEqual(['communication-prohibited']);
  for (let i = 0; i < 4; i++) expect(told('100.64.0.1')).toEqual(['host-unreachable']);
  expect(told('100.64.0.1')).toEqual([]);
  router.addNeighbour('lan0', '192.0.2.11');
  expect(told('100.64.0.1', '192.0.2.11')).toEqual(['host-unreachable']);
  router.host.advance(1.1);
  expect(told('100.64.0.1')).toEqual(['host-unreachable']);
  expect(told('100.64.0.1')).toEqual([]);
});

test('without forwarding nothing is forwarded, and nothing said', () => {
  const router = new Router();
  router.set('ip_forward', 0);
  expect(router.receive('lan0', 'udp 192.0.2.10:1 > 198.51.100.20:2')).toEqual([]);
  expect(router.drops).toEqual(['routing: this interface forwards nothing']);
});
