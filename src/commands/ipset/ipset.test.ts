import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import type { Host } from '../../host/host.ts';
import { runCommand } from '../index.ts';

function run(host: Host, line: string, stdin = '') {
  return runCommand(host, line.split(' '), stdin);
}

const number = (most: number) => fc.integer({ min: 0, max: most });
const ip4 = number(0xff).map((low) => `192.0.2.${low}`);
const ip6 = number(0xfffe).map((low) => `2001:db8::${(low + 1).toString(16)}`);
const net4 = fc.tuple(ip4, fc.integer({ min: 1, max: 32 })).map(([ip, length]) => `${ip}/${length}`);
const net6 = fc.tuple(ip6, fc.integer({ min: 1, max: 128 })).map(([ip, length]) => `${ip}/${length}`);
const mac = fc
  .tuple(number(255), number(255))
  .map(([a, b]) => `02:00:00:00:${a.toString(16)}:${b.toString(16)}`);
const port = fc.oneof(
  fc.tuple(fc.constantFrom('tcp', 'udp', 'sctp', 'udplite'), number(65535)).map((both) => both.join(':')),
  fc.constantFrom('gre:0', 'esp:0'),
);
const mark = fc.integer({ min: 1, max: 0xffff }).map((value) => `0x${value.toString(16)}`);
const iface = fc.constantFrom('eth0', 'eth1', 'lo', 'physdev:br0');

/** Elements of each type, by what their parts are. */
const PARTS: Readonly<Record<string, readonly fc.Arbitrary<string>[]>> = {
  'bitmap:ip range 192.0.2.0/24': [ip4],
  'bitmap:ip,mac range 192.0.2.0/24': [ip4, mac],
  'bitmap:port range 0-65535': [number(65535).map(String)],
  'hash:ip': [ip4],
  'hash:mac': [mac],
  'hash:ip,mac': [ip4, mac],
  'hash:net': [net4],
  'hash:net,net': [net4, net4],
  'hash:ip,port': [ip4, port],
  'hash:net,port': [net4, port],
  'hash:ip,port,ip': [ip4, port, ip4],
  'hash:ip,port,net': [ip4, port, net4],
  'hash:net,port,net': [net4, port, net4],
  'hash:net,iface': [net4, iface],
  'hash:ip,mark': [ip4, mark],
  'hash:ip family inet6': [ip6],
  'hash:net family inet6': [net6],
  'hash:ip,port,net family inet6': [ip6, port, net6],
  'hash:net,iface family inet6': [net6, iface],
};

const extras = fc
  .record({
    timeout: fc.integer({ min: 0, max: 2147483 }),
    packets: fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }),
    bytes: fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }),
    comment: fc.constantFrom('"one two"', 'three', '"a#b"'),
    skbmark: fc.constantFrom('0x5', '0x5/0xff'),
    skbprio: fc.constantFrom('1:2', 'ffff:0'),
    skbqueue: number(65535),
  })
  .map((given) =>
    Object.entries(given)
      .map(([key, value]) => ` ${key} ${value}`)
      .join(''),
  );

describe.each(Object.keys(PARTS))('%s', (type) => {
  const element = fc.tuple(...PARTS[type]!).map((parts) => parts.join(','));
  const elements = fc.uniqueArray(fc.tuple(element, extras), {
    minLength: 1,
    maxLength: 12,
    // One address has one hardware address: a second one takes its place.
    selector: ([one]) => (type.startsWith('bitmap:ip,mac') ? one.split(',')[0] : one),
  });

  test('what is saved and restored is saved again, and every element is there', () => {
    fc.assert(
      fc.property(elements, (all) => {
        const host = freshHost();
        const lines = [`create x ${type} timeout 100 counters comment skbinfo -exist`];
        for (const [one, more] of all) lines.push(`add x ${one}${more}`);
        expect(run(host, 'ipset restore', lines.join('\n'))).toMatchObject({ exit: 0, stderr: '' });
        for (const [one] of all) expect(run(host, `ipset test x ${one}`).exit).toBe(0);
        const saved = run(host, 'ipset save -sorted').stdout;
        const other = freshHost();
        expect(run(other, 'ipset restore', saved)).toMatchObject({ exit: 0, stderr: '' });
        expect(run(other, 'ipset save -sorted').stdout).toBe(saved);
        for (const [one] of all) run(host, `ipset -exist del x ${one}`);
        expect(run(host, 'ipset list -o save x').stdout.split('\n')).toHaveLength(2);
      }),
      { numRuns: 25 },
    );
  });
});

test('whatever is typed, there is an answer', () => {
  const word = fc.constantFrom(
    'create',
    'add',
    'del',
    'test',
    'list',
    'save',
    'restore',
    'swap',
    'rename',
    'destroy',
    'flush',
    'x',
    'y',
    'a',
    'hash:ip',
    'hash:net,iface',
    'list:set',
    'bitmap:port',
    'range',
    '0-5',
    '10.0.0.1',
    '10.0.0.0/0',
    '-exist',
    '-o',
    'xml',
    '-f',
    ',',
    '10.0.0.1,',
    ',,',
    '[',
    '[::1]-',
    '1-',
    'tcp:',
    '/',
    'timeout',
    '-1',
    '99999999999',
    'netmask',
    'bitmask',
    'family',
    'inet6',
    'counters',
    'packets',
    'before',
    'after',
    '',
    '-',
    'maxelem',
    '0',
  );
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 7 }), { maxLength: 12 }), (lines) => {
      const host = freshHost();
      for (const words of lines) expect(runCommand(host, ['ipset', ...words]).exit).toBeLessThan(256);
      run(host, 'ipset restore', lines.map((words) => words.join(' ')).join('\n'));
      run(host, 'ipset -', lines.map((words) => words.join(' ')).join('\n'));
    }),
  );
});

test('a set that rules use stays', () => {
  const host = freshHost();
  run(host, 'ipset create x hash:ip');
  run(host, 'iptables -A INPUT -m set --match-set x src -j DROP');
  run(host, 'iptables -A INPUT -j SET --add-set x src');
  expect(run(host, 'ipset list -t x').stdout).toContain('References: 2\n');
  const inUse = 'ipset v7.17: Set cannot be destroyed: it is in use by a kernel component\n';
  expect(run(host, 'ipset destroy x')).toMatchObject({ exit: 1, stderr: inUse });
  expect(run(host, 'ipset destroy').stderr).toBe(inUse);
  expect(run(host, 'ipset rename x y').exit).toBe(1);
  run(host, 'iptables -F INPUT');
  expect(run(host, 'ipset destroy x')).toMatchObject({ exit: 0, stderr: '' });
});

test('what a rule uses can be swapped', () => {
  const host = freshHost();
  run(host, 'ipset create x hash:ip');
  run(host, 'ipset create y hash:ip');
  run(host, 'ipset add y 192.0.2.1');
  run(host, 'iptables -A INPUT -m set --match-set x src');
  expect(run(host, 'ipset swap x y').exit).toBe(0);
  expect(run(host, 'ipset test x 192.0.2.1').exit).toBe(0);
  expect(run(host, 'ipset destroy x').exit).toBe(1);
  expect(run(host, 'ipset destroy y').exit).toBe(0);
});

test('hosts have sets of their own', () => {
  const one = freshHost();
  run(one, 'ipset create x hash:ip');
  expect(run(one, 'iptables -A INPUT -m set --match-set x src').exit).toBe(0);
  expect(run(freshHost(), 'iptables -A INPUT -m set --match-set x src').exit).toBe(2);
});

test('help tells about types', () => {
  const host = freshHost();
  expect(run(host, 'ipset help').stdout).toContain('hash:net,port,net');
  expect(run(host, 'ipset help hash:net,iface').stdout).toContain('IP[/CIDR],[physdev:]IFACE');
  expect(run(host, 'ipset help foo')).toMatchObject({ exit: 2 });
});
