import { describe, expect, test } from 'vitest';
import { OUTPUT } from '../netfilter/constants.ts';
import { ROUTE_TYPE } from '../netfilter/services.ts';
import { DROP } from '../netfilter/verdict.ts';
import { Router } from './ipv4/router.fixture.ts';
import type { Datagram, Socket, SocketOptions } from './sockets.ts';

function open(router: Router, options: Partial<SocketOptions> = {}): Socket {
  const socket = router.host.sockets.open({ proto: 'udp', address: '0.0.0.0', port: 53, ...options });
  if (typeof socket === 'string') throw new Error(socket);
  return socket;
}

describe('receiving', () => {
  test('a process gets the payload and where it came from, and can answer', () => {
    const router = new Router();
    const got: Datagram[] = [];
    open(router, {
      receive: (datagram, socket) => {
        got.push(datagram);
        socket.send(datagram.source, datagram.sourcePort, Uint8Array.of(0x6f, 0x6b));
      },
    });
    expect(router.receive('lan0', 'udp 192.0.2.10:4000 > 192.0.2.1:53 "hi"')).toEqual([
      'lan0: udp 192.0.2.1:53 > 192.0.2.10:4000 id 7 df "ok"',
    ]);
    expect(got).toEqual([
      {
        source: '192.0.2.10',
        sourcePort: 4000,
        destination: '192.0.2.1',
        destinationPort: 53,
        payload: Uint8Array.of(0x68, 0x69),
        device: 'lan0',
      },
    ]);
  });

  test('the socket of the very address comes first', () => {
    const router = new Router();
    const got: string[] = [];
    open(router, { receive: () => got.push('any') });
    expect(() => open(router, { address: '192.0.2.1' })).toThrow('EADDRINUSE');
    open(router, { address: '192.0.2.1', port: 54, receive: () => got.push('one') });
    router.receive('lan0', 'udp 192.0.2.10:1 > 192.0.2.1:54');
    router.receive('lan0', 'udp 192.0.2.10:1 > 203.0.113.1:53');
    expect(got).toEqual(['one', 'any']);
    expect(router.receive('lan0', 'udp 192.0.2.10:1 > 203.0.113.1:54')).toHaveLength(1);
  });

  test('a broadcast goes to every socket of the port', () => {
    const router = new Router();
    const got: string[] = [];
    open(router, { device: 'lan0', receive: () => got.push('lan0') });
    open(router, { device: 'wan0', receive: () => got.push('wan0') });
    router.receive('lan0', 'udp 192.0.2.10:1 > 255.255.255.255:53', 'ffffffffffff');
    expect(got).toEqual(['lan0']);
  });

  test('UDP-Lite has sockets of its own', () => {
    const router = new Router();
    const got: number[] = [];
    open(router, { proto: 'udplite', receive: ({ payload }) => got.push(payload.length) });
    router.receive('lan0', 'udplite 192.0.2.10:1 > 192.0.2.1:53 coverage 8 "abc"');
    expect(got).toEqual([3]);
    expect(router.receive('lan0', 'udp 192.0.2.10:1 > 192.0.2.1:53')[0]).toContain('port-unreachable');
  });
});

describe('sending', () => {
  test('to itself by lo: received after it was sent', () => {
    const router = new Router();
    const order: string[] = [];
    open(router, { receive: ({ source, device }) => order.push(`from ${source} by ${device}`) });
    const client = open(router, { port: 0 });
    expect(client.port).toBeGreaterThanOrEqual(32768);
    expect(client.send('127.0.0.1', 53, new Uint8Array(1))).toBeUndefined();
    expect(client.send('192.0.2.1', 53, new Uint8Array(1))).toBeUndefined();
    expect(order).toEqual(['from 127.0.0.1 by lo', 'from 192.0.2.1 by lo']);
  });

  test('longer than the MTU: in fragments', () => {
    const router = new Router();
    expect(open(router).send('192.0.2.10', 9, new Uint8Array(2000))).toBeUndefined();
    expect(router.take()).toHaveLength(2);
  });

  test('errors are those of Linux', () => {
    const router = new Router();
    const socket = open(router);
    expect(socket.send('192.0.2.10', 9, new Uint8Array(65508))).toBe('EMSGSIZE');
    router.addRoute({ to: '100.64.0.0', length: 10, type: ROUTE_TYPE.UNREACHABLE });
    expect(socket.send('100.64.0.1', 9, new Uint8Array(1))).toBe('EHOSTUNREACH');
    router.host.hooks.register({ name: 'no', hook: OUTPUT, priority: 0, run: () => DROP });
    expect(socket.send('192.0.2.10', 9, new Uint8Array(1))).toBe('EPERM');
    expect(() => socket.send('::1', 9, new Uint8Array(1))).toThrow("'::1' is not an IPv4 address");
    expect(() => socket.send('192.0.2.10', 0, new Uint8Array(1))).toThrow('port 0 must be 1 to 65535');
  });
});

describe('opening', () => {
  test('only own addresses, unless transparent', () => {
    const router = new Router();
    expect(router.host.sockets.bind({ proto: 'udp', address: '192.0.2.99', port: 1 })).toBe('EADDRNOTAVAIL');
    const given = { proto: 'udp', address: '192.0.2.99', port: 1, transparent: true } as const;
    expect(router.host.sockets.bind(given)).toBeUndefined();
    expect(router.host.sockets.bind(given)).toBe('EADDRINUSE');
    expect(router.host.sockets.list().map((socket) => socket.name)).toEqual(['udp 192.0.2.99:1']);
  });

  test('what is no address, port or interface is refused with its name', () => {
    const { sockets } = new Router().host;
    const refused = (options: Partial<SocketOptions>) => () =>
      sockets.open({ proto: 'udp', address: '0.0.0.0', port: 1, ...options });
    expect(refused({ address: 'here' })).toThrow("'here' is no address");
    expect(refused({ port: 70000 })).toThrow('port 70000 must be 0 to 65535');
    expect(refused({ device: 'eth9' })).toThrow("no interface 'eth9'");
  });

  test('a closed socket leaves its port closed', () => {
    const router = new Router();
    const socket = open(router);
    socket.close();
    expect(router.receive('lan0', 'udp 192.0.2.10:1 > 192.0.2.1:53')[0]).toContain('port-unreachable');
  });
});
