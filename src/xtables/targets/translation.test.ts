/** SNAT, DNAT, MASQUERADE, REDIRECT, NETMAP, SNPT and DNPT: who a packet comes from and goes to afterwards. */
import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { dissectPacket, parsePacket, summarizePacket } from '../../formats/packet-language/index.ts';
import { checksum } from '../../wire/checksum.ts';
import { type Bench, bench } from '../extension.fixture.ts';

/** Each frame as `device summary`. */
function left({ out }: Bench): string[] {
  return out.map((line) => {
    const [device, hex] = line.split(' ');
    const bytes = Uint8Array.from(Buffer.from(hex!, 'hex'));
    if (bytes[0]! >> 4 === 4) expect(checksum(bytes, 0, 20)).toBe(0);
    expect(dissectPacket(bytes)).toBeDefined();
    return `${device} ${summarizePacket(bytes)}`;
  });
}

const UDP = 'udp 192.0.2.10:4000 > 203.0.113.9:53 "x"';
const UDP6 = 'udp [2001:db8:1::10]:4000 > [2001:db8:2::9]:53 "x"';

test.each([
  ['POSTROUTING -j SNAT --to-source 203.0.113.77', '203.0.113.77:4000 > 203.0.113.9:53'],
  ['POSTROUTING -p udp -j SNAT --to-source 203.0.113.77:99', '203.0.113.77:99 > 203.0.113.9:53'],
  ['POSTROUTING -p udp -j SNAT --to-source :99', '192.0.2.10:99 > 203.0.113.9:53'],
  ['POSTROUTING -j MASQUERADE', '203.0.113.1:4000 > 203.0.113.9:53'],
  ['POSTROUTING -p udp -j MASQUERADE --to-ports 70', '203.0.113.1:70 > 203.0.113.9:53'],
  ['POSTROUTING -j NETMAP --to 203.0.113.128/25', '203.0.113.138:4000 > 203.0.113.9:53'],
  ['PREROUTING -j NETMAP --to 203.0.113.9', '192.0.2.10:4000 > 203.0.113.9:53'],
  ['PREROUTING -p udp -j DNAT --to-destination :54', '192.0.2.10:4000 > 203.0.113.9:54'],
  ['PREROUTING -p udp -j DNAT --to-destination :100-200/50', '192.0.2.10:4000 > 203.0.113.9:103'],
])('iptables -t nat -A %s', (rule, wanted) => {
  const one = bench();
  one.run(`iptables -t nat -A ${rule}`);
  one.receive(UDP);
  expect(left(one)[0]).toContain(wanted);
});

test.each([
  ['POSTROUTING -j SNAT --to-source 2001:db8:2::77', '[2001:db8:2::77]:4000 > [2001:db8:2::9]:53'],
  ['POSTROUTING -j MASQUERADE', '[2001:db8:2::1]:4000 > [2001:db8:2::9]:53'],
  ['POSTROUTING -j NETMAP --to 2001:db8:2::/64', '[2001:db8:2::10]:4000 > [2001:db8:2::9]:53'],
  ['PREROUTING -p udp -j DNAT --to-destination :54', '[2001:db8:1::10]:4000 > [2001:db8:2::9]:54'],
])('ip6tables -t nat -A %s', (rule, wanted) => {
  const one = bench();
  one.run(`ip6tables -t nat -A ${rule}`);
  one.receive(UDP6);
  expect(left(one)[0]).toContain(wanted);
});

test('REDIRECT sends to the interface the packet came by, in OUTPUT to lo', () => {
  const one = bench();
  one.run('iptables -t nat -A PREROUTING -p udp -j REDIRECT --to-ports 7');
  one.run('iptables -t nat -A OUTPUT -p udp -j REDIRECT --to-ports 8');
  one.run('iptables -A INPUT -p udp -d 192.0.2.1 --dport 7');
  one.run('iptables -A INPUT -p udp -d 127.0.0.1 --dport 8');
  one.receive(UDP);
  one.send('udp 203.0.113.1:5 > 203.0.113.9:6 "x"');
  expect(one.count('INPUT', 1)).toBe(1);
  expect(one.count('INPUT', 2)).toBe(1);
});

test('MASQUERADE drops what leaves by an interface without an address, and says so', () => {
  const one = bench();
  one.run('iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE');
  for (const [device, address] of [
    ['lan0', '192.0.2.1/24'],
    ['wan0', '203.0.113.1/24'],
  ]) {
    one.run(`ip addr del ${address} dev ${device}`);
  }
  one.run('ip route add 203.0.113.0/24 dev wan0');
  one.receive(UDP);
  expect(one.out).toEqual([]);
  expect(one.log).toEqual(['<6>wan0 ate my IP address']);
});

test.each([
  ['ip link set wan0 down', 0],
  ['ip addr del 203.0.113.1/24 dev wan0', 0],
  ['ip link set lan0 down', 1],
  ['ip addr del 192.0.2.1/24 dev lan0', 1],
])('a masqueraded connection after %s: %i', (command, wanted) => {
  const one = bench();
  one.run('iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE');
  one.receive(UDP);
  expect(one.host.conntrack.count).toBe(1);
  one.run(command);
  expect(one.host.conntrack.count).toBe(wanted);
});

test('SNPT and DNPT translate prefixes without touching checksums', () => {
  const one = bench();
  one.run(
    'ip6tables -t mangle -A POSTROUTING -o wan0 -j SNPT --src-pfx 2001:db8:1::/64 --dst-pfx fd00:1::/64',
  );
  one.receive(UDP6);
  one.receive('udp [2001:db8:1:0:ffff:ffff:ffff:ffff]:4000 > [2001:db8:2::9]:53 "x"');
  // The second has no word to balance the checksum with: the error about it has nowhere to go.
  const [translated, ...others] = left(one);
  expect(others).toEqual([]);
  expect(translated).toContain('[fd00:1::30b8:0:0:10]:4000');
  // The checksum is that of the packet as it came.
  const bytes = Buffer.from(one.out[0]!.split(' ')[1]!, 'hex');
  const sent = parsePacket(UDP6).packet!;
  expect(bytes.subarray(46, 48)).toEqual(Buffer.from(sent.subarray(46, 48)));
  expect(one.host.conntrack.tracks(6)).toBe(false);
});

test('what the kernel refuses: chains, tables, prefixes', () => {
  const { host } = bench();
  const refused = (line: string) => runCommand(host, line.split(' ')).stderr.split('.')[0];
  const invalid = 'tables: Invalid argument';
  expect(refused('iptables -t nat -A PREROUTING -j MASQUERADE')).toContain(invalid);
  expect(refused('iptables -t nat -A POSTROUTING -j REDIRECT')).toContain(invalid);
  expect(refused('iptables -t filter -A INPUT -j SNAT --to-source 1.2.3.4')).toContain(invalid);
  expect(refused('ip6tables -t mangle -A PREROUTING -j DNPT --src-pfx fc::1/60 --dst-pfx fd::/48')).toContain(
    invalid,
  );
});
