import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePacket } from '../formats/packet-language/index.ts';
import { checksum, pseudoSum4, pseudoSum6 } from '../wire/checksum.ts';
import type { BackendName, ServiceName } from './api.ts';
import { Bench } from './balancer.fixture.ts';

const WEB: ServiceName = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const DNS: ServiceName = { protocol: 'udp', address: '192.0.2.1', port: 53 };
const back = (i: number, port = 8080): BackendName => ({ address: `10.0.0.${i}`, port });

function web(scheduler: string, weights: readonly number[], service = WEB): Bench {
  const bench = new Bench();
  bench.host.balancer.addService(service, { scheduler });
  for (const [i, weight] of weights.entries())
    bench.host.balancer.addBackend(service, back(i + 1), { weight });
  return bench;
}

/** The backend that a client's SYN goes to: the last number of its address. */
function backendOf(bench: Bench, client: string, flags = 'syn'): number {
  const [line = ''] = bench.receive('wan0', `tcp ${client} > 192.0.2.1:80 ${flags}`);
  return Number(/> 10\.0\.0\.(\d+):8080/.exec(line)?.[1] ?? 0);
}

/** Checksums of IP and of TCP or UDP in what was sent. */
function checksumsAreRight(frame: Uint8Array): boolean {
  const six = frame[14]! >> 4 === 6;
  const transport = six ? 54 : 34;
  const protocol = frame[six ? 20 : 23]!;
  const length = frame.length - transport;
  const pseudo = six ? pseudoSum6(frame, 14, protocol, length) : pseudoSum4(frame, 14, protocol, length);
  if (!six && checksum(frame, 14, 34) !== 0) return false;
  return checksum(frame, transport, frame.length, protocol === 1 ? 0 : pseudo) === 0;
}

describe('translation', () => {
  it('sends to backends in turn, answers from the virtual address, and keeps connections', () => {
    const bench = web('rr', [1, 1]);
    expect(bench.receive('wan0', 'tcp 198.51.100.7:40000 > 192.0.2.1:80 syn ttl 9')).toEqual([
      'lan0: tcp 198.51.100.7:40000 > 10.0.0.1:8080 syn',
    ]);
    expect(bench.sent[0]!.frame[14 + 8]).toBe(8);
    expect(bench.receive('lan0', 'tcp 10.0.0.1:8080 > 198.51.100.7:40000 syn,ack')).toEqual([
      'wan0: tcp 192.0.2.1:80 > 198.51.100.7:40000 syn,ack',
    ]);
    expect(backendOf(bench, '198.51.100.7:40001')).toBe(2);
    expect(backendOf(bench, '198.51.100.7:40000', 'ack')).toBe(1);
    const [service] = bench.host.balancer.services;
    expect(service!.backends.map(({ active, inactive }) => [active, inactive])).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(service!.counters).toMatchObject({ connections: 2, inPackets: 3, outPackets: 1 });
  });

  it('balances IPv6, and services by mark', () => {
    const bench = new Bench();
    const { balancer } = bench.host;
    const name: ServiceName = { protocol: 'udp', address: '2001:db8::1', port: 53 };
    balancer.addService(name);
    balancer.addBackend(name, { address: 'fd00::1', port: 5353 });
    expect(bench.receive('wan0', 'udp [2001:db8:9::7]:4000 > [2001:db8::1]:53 "hi"')).toEqual([
      'lan0: udp [2001:db8:9::7]:4000 > [fd00::1]:5353 len 2',
    ]);
    expect(checksumsAreRight(bench.sent[0]!.frame)).toBe(true);
    expect(bench.receive('lan0', 'udp [fd00::1]:5353 > [2001:db8:9::7]:4000 "yes"')).toEqual([
      'wan0: udp [2001:db8::1]:53 > [2001:db8:9::7]:4000 len 3',
    ]);
    bench.host.hooks.register({
      name: 'mark',
      hook: 0,
      priority: -150,
      run: (packet) => {
        packet.mark = 7;
        return 1;
      },
    });
    balancer.addService({ mark: 7 });
    balancer.addBackend({ mark: 7 }, { address: '10.0.0.3' });
    expect(bench.receive('wan0', 'udp 198.51.100.7:9 > 192.0.2.1:4711 "hi"')).toEqual([
      'lan0: udp 198.51.100.7:9 > 10.0.0.3:4711 len 2',
    ]);
  });

  it('is undone by the reply, with every checksum right', () => {
    const bench = web('wlc', [1, 2, 3]);
    bench.host.balancer.addService(DNS, { scheduler: 'sh' });
    for (const i of [1, 2, 3]) bench.host.balancer.addBackend(DNS, back(i, 5353));
    const port = fc.integer({ min: 1, max: 65535 });
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.integer({ min: 1, max: 254 }),
        port,
        fc.string(),
        (tcp, host, from, text) => {
          const client = `203.0.113.${host}:${from}`;
          const kind = tcp ? 'tcp' : 'udp';
          const virtual = tcp ? '192.0.2.1:80' : '192.0.2.1:53';
          const hex = `hex:${Buffer.from(`x${text}`).toString('hex')}`;
          const there = `${kind} ${client} > ${virtual}${tcp ? ' syn' : ''} ${hex}`;
          expect(bench.receive('wan0', there)).toHaveLength(1);
          expect(checksumsAreRight(bench.sent[0]!.frame)).toBe(true);
          const backend = /> (10\.0\.0\.\d+:\d+)/.exec(bench.receive('wan0', there)[0]!)?.[1];
          const answers = bench.receive('lan0', `${kind} ${backend} > ${client}${tcp ? ' ack' : ''} ${hex}`);
          expect(answers).toHaveLength(1);
          expect(answers[0]).toContain(`wan0: ${kind} ${virtual} > ${client}`);
          expect(checksumsAreRight(bench.sent[0]!.frame)).toBe(true);
        },
      ),
    );
  });

  it('translates ICMP errors both ways', () => {
    const bench = web('rr', [1]);
    backendOf(bench, '198.51.100.7:40000');
    const toBackend = bench.sent[0]!.frame.slice(14);
    const answer = 'tcp 10.0.0.1:8080 > 198.51.100.7:40000 syn,ack';
    bench.receive('lan0', answer);
    const toClient = bench.sent[0]!.frame.slice(14);
    const error = (from: string, to: string, quoted: Uint8Array) =>
      `icmp ${from} > ${to} type 3 code 1 hex:${Buffer.from(quoted).toString('hex')}`;
    expect(bench.receive('lan0', error('10.0.0.1', '198.51.100.7', toBackend))).toHaveLength(1);
    const out = bench.sent[0]!;
    expect([out.device, ...out.frame.slice(26, 30)]).toEqual(['wan0', 192, 0, 2, 1]);
    expect([...out.frame.slice(42 + 16, 42 + 24)]).toEqual([192, 0, 2, 1, 0x9c, 0x40, 0, 80]);
    expect(checksumsAreRight(out.frame)).toBe(true);
    expect(checksum(out.frame, 42, 62)).toBe(0);
    expect(bench.receive('wan0', error('198.51.100.9', '192.0.2.1', toClient))).toHaveLength(1);
    const back = bench.sent[0]!;
    expect([back.device, ...back.frame.slice(30, 34)]).toEqual(['lan0', 10, 0, 0, 1]);
    expect([...back.frame.slice(42 + 12, 42 + 16)]).toEqual([10, 0, 0, 1]);
    expect([...back.frame.slice(62, 64)]).toEqual([0x1f, 0x90]);
    expect(checksumsAreRight(back.frame)).toBe(true);
  });

  it('tells a client that nobody serves, of hops that are used up, and of what is too long', () => {
    const bench = web('rr', [0]);
    expect(bench.receive('wan0', 'tcp 198.51.100.7:40000 > 192.0.2.1:80 syn')[0]).toMatch(
      /wan0: icmp .*198\.51\.100\.7/,
    );
    bench.host.balancer.editBackend(WEB, back(1), { weight: 1 });
    const [line] = bench.receive('wan0', 'tcp 198.51.100.7:40000 > 192.0.2.1:80 syn ttl 1');
    expect(line).toMatch(/wan0: icmp 192\.0\.2\.1 > 198\.51\.100\.7/);
    // The quoted packet is as it was sent.
    expect([...bench.sent[0]!.frame.slice(42 + 16, 42 + 20)]).toEqual([192, 0, 2, 1]);
  });
});

describe('changes while packets flow', () => {
  it.each(['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh'])('%s moves no established connection', (scheduler) => {
    const bench = web(scheduler, [3, 1, 2]);
    const { balancer } = bench.host;
    const client = (i: number) => `198.51.${100 + (i >> 7)}.${1 + (i & 127)}:${20000 + i}`;
    const homes = Array.from({ length: 300 }, (_, i) => backendOf(bench, client(i)));
    expect(new Set(homes)).toEqual(new Set([1, 2, 3]));
    balancer.addBackend(WEB, back(4), { weight: 5 });
    balancer.drainBackend(WEB, back(1));
    balancer.editBackend(WEB, back(2), { weight: 9 });
    const removed = (home: number) => (home === 3 ? 0 : home);
    for (let i = 0; i < 300; i++) expect(backendOf(bench, client(i), 'ack')).toBe(homes[i]);
    balancer.removeBackend(WEB, back(3));
    for (let i = 0; i < 300; i++) expect(backendOf(bench, client(i), 'ack')).toBe(removed(homes[i]!));
    for (let i = 300; i < 400; i++) expect([0, 2, 4]).toContain(backendOf(bench, client(i)));
    balancer.addBackend(WEB, back(3));
    for (let i = 0; i < 300; i++) expect(backendOf(bench, client(i), 'ack')).toBe(homes[i]);
    balancer.editService(WEB, { scheduler: 'rr' });
    for (let i = 0; i < 300; i++) expect(backendOf(bench, client(i), 'ack')).toBe(homes[i]);
  });

  it('keeps a client with its backend while persistence lasts', () => {
    const bench = web('rr', [1, 1, 1]);
    bench.host.balancer.editService(WEB, { persistence: 60, prefix: 24 });
    for (let i = 1; i < 20; i++) expect(backendOf(bench, `198.51.100.${i}:40000`)).toBe(1);
    expect(backendOf(bench, '198.51.101.1:40000')).toBe(2);
    bench.host.advance(200);
    expect(bench.host.balancer.size).toBe(0);
    expect(backendOf(bench, '198.51.100.5:40000')).toBe(3);
  });

  it('sends no more to a backend than its threshold', () => {
    const bench = web('rr', [1, 1]);
    bench.host.balancer.editBackend(WEB, back(1), { upper: 2 });
    const homes = Array.from({ length: 10 }, (_, i) => backendOf(bench, `198.51.100.7:${1000 + i}`));
    expect(homes.filter((home) => home === 1)).toHaveLength(2);
  });
});

describe('the table', () => {
  it('ends connections in their time, and says who was chosen', () => {
    const bench = web('rr', [1]);
    const said: string[] = [];
    bench.host.observer = { choose: (_packet, who, what) => said.push(`${who}: ${what}`) };
    bench.host.balancer.onConnection = ({ why }) => said.push(why);
    backendOf(bench, '198.51.100.7:40000');
    expect(said).toEqual([
      'balance: backend 10.0.0.1:8080 of TCP 192.0.2.1:80 (rr: its turn)',
      'rr: its turn',
    ]);
    bench.host.advance(59);
    expect(bench.host.balancer.size).toBe(1);
    backendOf(bench, '198.51.100.7:40000', 'ack');
    bench.host.advance(899);
    expect(bench.host.balancer.size).toBe(1);
    bench.host.advance(3);
    expect(bench.host.balancer.size).toBe(0);
    const [backend] = bench.host.balancer.services[0]!.backends;
    expect([backend!.active, backend!.inactive]).toEqual([0, 0]);
  });

  it('never throws for hostile frames and holds no more than its limit', async () => {
    const { Balancer } = await import('./balancer.ts');
    const bench = new Bench();
    const balancer = new Balancer(bench.host.hooks, bench.host.services, { limit: 64, maglevSize: 251 });
    balancer.addService(WEB, { scheduler: 'mh', persistence: 5 });
    balancer.addBackend(WEB, back(1));
    const { mac } = bench.host.interfaces.require('wan0');
    const established = parsePacket('tcp 198.51.100.7:1 > 192.0.2.1:80 syn').frame({ destination: mac });
    bench.frames('wan0', established);
    bench.receive('wan0', 'tcp 198.51.100.7:1 > 192.0.2.1:80 ack');
    for (let i = 0; i < 500; i++) {
      bench.receive('wan0', `tcp 198.51.${i & 127}.${1 + (i >> 3)}:${i + 1} > 192.0.2.1:80 syn`);
      expect(balancer.size).toBeLessThanOrEqual(64);
    }
    expect(bench.receive('wan0', 'tcp 198.51.100.7:1 > 192.0.2.1:80 ack')).toHaveLength(1);
    const edits = fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(edits, fc.integer({ min: 14, max: 80 }), (changes, length) => {
        const frame = established.slice(0, length);
        for (const [at, value] of changes) if (at >= 14 && at < frame.length) frame[at] = value;
        bench.frames('wan0', frame);
        expect(balancer.size).toBeLessThanOrEqual(64);
      }),
    );
  });
});
