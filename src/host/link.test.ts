import { expect, test } from 'vitest';
import { parsePacket } from '../formats/packet-language/index.ts';
import { OUTPUT } from '../netfilter/constants.ts';
import { ACCEPT } from '../netfilter/verdict.ts';
import { Router } from './ipv4/router.fixture.ts';

const ECHO = 'icmp 192.0.2.10 > 192.0.2.1 echo-request id 1 seq 2';

test.each([
  ['no tag', '', true],
  ['a priority tag', 'vlan 0', true],
  ['two priority tags', 'vlan 0 vlan 0', true],
  ['a VLAN', 'vlan 5', false],
  ['a VLAN within a priority tag', 'vlan 0 vlan 5', false],
  ['a priority tag within a VLAN', 'vlan 5 vlan 0', false],
])('%s', (_name, tags, answered) => {
  expect(new Router().receive('lan0', `${ECHO} ${tags}`)).toHaveLength(answered ? 1 : 0);
});

test('a priority tag of the service kind (0x88a8) counts, too', () => {
  const router = new Router();
  const hex = Buffer.from(parsePacket(`${ECHO} vlan 0`).frame()).toString('hex');
  const frame = `020000000001020000000110${hex.slice(24)}`.replace('8100', '88a8');
  expect(router.receive('lan0', `frame ${frame}`)).toHaveLength(1);
});

test('the tag is taken out of the frame, as hook functions see it', () => {
  const router = new Router();
  const frames: string[] = [];
  router.host.hooks.register({
    name: 'watch',
    hook: 0,
    priority: 0,
    run: (packet) => {
      frames.push(Buffer.from(packet.bytes.subarray(packet.link, packet.link + 14)).toString('hex'));
      return ACCEPT;
    },
  });
  router.receive('lan0', `${ECHO} vlan 0`);
  expect(frames).toEqual(['0200000000010200000001100800']);
});

test.each([
  ['', 'shorter than a header'],
  ['0200000000010200000001108100', 'a tag that is cut off'],
  ['02000000000102000000011081000000', 'a type that is cut off'],
  ['020000000001020000000110002845000028', 'IEEE 802.2'],
  ['02000000000102000000011088cc0000', 'a type that nobody takes'],
  ['0200000000010200000001100800', 'IP without a header'],
])('%s: %s', (hex) => {
  const router = new Router();
  router.host.receive('lan0', Uint8Array.from(Buffer.from(hex, 'hex')));
  expect(router.take()).toEqual([]);
});

test('nothing comes in by an interface that is down, and nothing leaves by it', () => {
  const router = new Router();
  const { host } = router;
  host.interfaces.setUp(host.interfaces.require('lan0'), false);
  expect(router.receive('lan0', ECHO)).toEqual([]);
  expect(router.receive('dmz0', 'udp 10.0.0.80:1 > 192.0.2.10:2')).not.toContain('lan0');
});

test('an unknown interface is named', () => {
  expect(() => new Router().host.receive('eth7', new Uint8Array(60))).toThrow("there is no interface 'eth7'");
});

test('processes that answer each other for ever are cut off', () => {
  const router = new Router();
  for (const [port, other] of [
    [1, 2],
    [2, 1],
  ] as const) {
    router.host.sockets.bind({
      proto: 'udp',
      address: '0.0.0.0',
      port,
      receive: (_datagram, socket) => {
        socket.send('127.0.0.1', other, new Uint8Array(1));
      },
    });
  }
  router.send('udp 127.0.0.1:2 > 127.0.0.1:1');
  expect(router.drops).toContain('backlog: the host sends to itself for ever');
});

test('a hook function that throws does not stop what follows', () => {
  const router = new Router();
  const remove = router.host.hooks.register({
    name: 'broken',
    hook: OUTPUT,
    priority: 0,
    run: () => {
      throw new Error('broken');
    },
  });
  for (const text of [ECHO, 'udp 192.0.2.10:1 > 192.0.2.1:9', 'tcp 192.0.2.10:1 > 192.0.2.1:9 syn']) {
    expect(() => router.receive('lan0', text)).toThrow('broken');
  }
  remove();
  expect(router.receive('lan0', ECHO)).toHaveLength(1);
  expect(router.receive('lan0', 'udp 192.0.2.10:1 > 192.0.2.1:9')).toHaveLength(1);
  // Packets by lo are handled again, too.
  let heard = 0;
  router.host.sockets.bind({ proto: 'udp', address: '0.0.0.0', port: 53, receive: () => heard++ });
  router.send('udp 192.0.2.1:1 > 192.0.2.1:53');
  expect(heard).toBe(1);
});
