import { expect, test } from 'vitest';
import { type Bench, bench } from '../extension.fixture.ts';

const RULE = 'iptables -t mangle -A PREROUTING -p udp -j TPROXY --on-port 5353';
const PACKET = 'udp 192.0.2.10:4000 > 198.51.100.20:53';

/** A host where marked packets are for itself, whatever their address. */
function proxy(): Bench & { readonly got: string[] } {
  const at = bench();
  const got: string[] = [];
  for (const family of ['', '-6 ']) {
    at.run(`ip ${family}rule add fwmark 1 table 100`);
    at.run(`ip ${family}route add local default dev lo table 100`);
  }
  for (const address of ['0.0.0.0', '::']) {
    at.host.sockets.open({
      proto: 'udp',
      address,
      port: 5353,
      transparent: true,
      receive: ({ destination, destinationPort }) => got.push(`${destination} ${destinationPort}`),
    });
  }
  at.host.sockets.open({ proto: 'tcp', address: '0.0.0.0', port: 5353, transparent: true });
  at.host.sockets.open({ proto: 'udp', address: '0.0.0.0', port: 6000 });
  return { ...at, got };
}

test('the socket gets the packet as it was sent', () => {
  const at = proxy();
  at.run(`${RULE} --tproxy-mark 1`);
  at.receive(PACKET);
  expect(at.got).toEqual(['198.51.100.20 53']);
  expect(at.out).toEqual([]);
});

test('IPv6', () => {
  const at = proxy();
  at.run('ip6tables -t mangle -A PREROUTING -p udp -j TPROXY --on-port 5353 --tproxy-mark 1/1');
  at.receive('udp [2001:db8:1::10]:4000 > [2001:db8:99::1]:53');
  expect(at.got).toEqual(['2001:db8:99::1 53']);
});

test.each([
  ['a port where nobody listens', RULE.replace('5353', '9999')],
  ['a socket that is not transparent', RULE.replace('5353', '6000')],
  ['the port of the packet', RULE.replace('5353', '0')],
])('dropped: %s', (_what, rule) => {
  const at = proxy();
  at.run(`${rule} --tproxy-mark 1`);
  at.receive(PACKET);
  expect([at.got, at.out, at.count('INPUT')]).toEqual([[], [], 0]);
});

test('without a route to this host the packet is dropped, not forwarded', () => {
  const at = proxy();
  at.run(RULE);
  at.run('ip route add default via 203.0.113.9');
  at.receive(PACKET);
  expect([at.got, at.out]).toEqual([[], []]);
});

test('a connection to an address that is not the host’s', () => {
  const at = proxy();
  at.run('iptables -t mangle -A PREROUTING -p tcp -j TPROXY --on-port 5353 --tproxy-mark 1');
  at.receive('tcp 192.0.2.10:4000 > 198.51.100.20:80 syn seq 7');
  expect(at.out).toHaveLength(1);
  const header = Buffer.from(at.out[0]!.split(' ')[1]!, 'hex');
  expect([...header.subarray(12, 16)]).toEqual([198, 51, 100, 20]);
  expect([header.readUInt16BE(20), header[33]]).toEqual([80, 0x12]);
  const acknowledged = (header.readUInt32BE(24) + 1) >>> 0;
  at.out.length = 0;
  const segment = `tcp 192.0.2.10:4000 > 198.51.100.20:80`;
  at.receive(`${segment} ack seq 8 ack ${acknowledged}`);
  expect(at.out).toEqual([]);
  // What follows goes to the connection by itself.
  at.run('iptables -t mangle -F');
  at.receive(`${segment} psh,ack seq 8 ack ${acknowledged} "data"`);
  expect(at.out).toHaveLength(1);
});

test('a rule that is refused for its protocol leaves defragmentation on, as in Linux', () => {
  const { run, receive, count } = bench();
  const fragment = 'udp 192.0.2.10:4000 > 203.0.113.9:53 mf payload len 16';
  run('iptables -t mangle -A PREROUTING');
  receive(`${fragment} id 9`);
  expect(() => run('iptables -t mangle -A PREROUTING -j TPROXY --on-port 1')).toThrow('Invalid argument');
  receive(`${fragment} id 10`);
  expect(count('PREROUTING', 1, 'mangle')).toBe(1);
});

test('only for TCP and UDP in PREROUTING of mangle', () => {
  const { run } = bench();
  const target = '-j TPROXY --on-port 5353';
  for (const words of [`-t mangle -A PREROUTING ${target}`, `-t mangle -A PREROUTING ! -p udp ${target}`]) {
    expect(() => run(`iptables ${words}`)).toThrow('Invalid argument');
  }
  expect(() => run(`iptables -t mangle -A INPUT -p udp ${target}`)).toThrow('Invalid argument');
  run(`iptables -t mangle -A PREROUTING -p udp ${target} --on-ip 192.0.2.1`);
  expect(run('iptables -t mangle -S PREROUTING')).toContain(
    '-p udp -j TPROXY --on-port 5353 --on-ip 192.0.2.1 --tproxy-mark 0x0/0x0',
  );
});
