import { expect, test } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import type { Host } from '../../host/host.ts';
import { runLine } from '../shell.ts';
import { readProc, writeProc } from './proc.ts';

/** What the lines print on standard output, and what they say on standard error. */
function session(host: Host, lines: string): string {
  return lines
    .trim()
    .split('\n')
    .map((line) => runLine(host, line.trim()))
    .map((result) => (result ? result.stdout + result.stderr : ''))
    .join('');
}

/** The texts were recorded from Linux 6.18 after the same commands. */
test('/proc/net/route', () => {
  const printed = session(
    freshHost(),
    `ip addr add 192.0.2.1/24 brd + dev eth0
     ip route add default via 192.0.2.254
     ip route add 10.0.0.0/8 via 192.0.2.7 metric 5 dev eth0 mtu 1400 window 5
     ip route add blackhole 10.9.0.0/16
     ip route add 10.8.0.0/16 dev eth0
     ip route add 10.0.0.0/16 dev eth0
     ip route add 10.7.0.0/16 nexthop via 192.0.2.3 nexthop via 192.0.2.4
     cat /proc/net/route`,
  );
  const rows = printed.split('\n').slice(0, -1);
  expect(rows.every((row) => row.length === 127)).toBe(true);
  expect(rows.map((row) => row.trimEnd())).toEqual([
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\tFE0200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t0000000A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'eth0\t0000000A\t070200C0\t0003\t0\t0\t5\t000000FF\t0\t5\t0',
    'eth0\t0000070A\t030200C0\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'eth0\t0000080A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    '*\t0000090A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  ]);
});

test('/proc/net/arp', () => {
  const printed = session(
    freshHost(),
    `ip addr add 192.0.2.1/24 dev eth0
     ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent
     ip neigh add 192.0.2.4 lladdr 02:00:00:00:00:09 dev eth0 nud noarp
     ip neigh add 192.0.2.5 lladdr 02:00:00:00:00:09 dev eth0 nud stale
     ip neigh add proxy 192.0.2.77 dev eth0
     cat /proc/net/arp`,
  );
  expect(printed).toBe(
    `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.9        0x1         0x6         02:00:00:00:00:09     *        eth0
192.0.2.5        0x1         0x2         02:00:00:00:00:09     *        eth0
192.0.2.77       0x1         0xc         00:00:00:00:00:00     *        eth0
`,
  );
});

test('/proc/net/if_inet6 and ipv6_route', () => {
  const host = freshHost();
  session(host, 'ip addr add 2001:db8::1/64 nodad dev eth0\nip -6 route add unreachable 2001:db8:8::/48');
  const addresses = session(host, 'cat /proc/net/if_inet6').split('\n');
  expect(addresses).toContain('00000000000000000000000000000001 01 80 10 80       lo');
  expect(addresses).toContain('20010db8000000000000000000000001 02 40 00 82     eth0');
  // The count of references is left out: the kernel's depends on who looked.
  const routes = session(host, 'cat /proc/net/ipv6_route').replace(
    / [0-9a-f]{8} (0{8} [0-9a-f]{8} +\S+)$/gm,
    ' $1',
  );
  const zeros = '0'.repeat(32);
  const at = (text: string) => routes.indexOf(text);
  const expected = [
    `20010db8000000000000000000000000 40 ${zeros} 00 ${zeros} 00000100 00000000 00000001     eth0`,
    `20010db8000800000000000000000000 30 ${zeros} 00 ${zeros} 00000400 00000000 00200200       lo`,
    `${zeros} 00 ${zeros} 00 ${zeros} ffffffff 00000000 00200200       lo`,
    `20010db8000000000000000000000001 80 ${zeros} 00 ${zeros} 00000000 00000000 80200001     eth0`,
  ];
  expect(expected.map(at)).not.toContain(-1);
  expect(expected.map(at)).toEqual(expected.map(at).toSorted((a, b) => a - b));
});

test('the tables and what rules may use', () => {
  const host = freshHost();
  expect(session(host, 'cat /proc/net/ip_tables_names')).toBe('');
  session(host, 'iptables -t nat -L\niptables -L\niptables -t raw -L\nip6tables -t mangle -S');
  expect(session(host, 'cat /proc/net/ip_tables_names')).toBe('raw\nfilter\nnat\n');
  expect(session(host, 'cat /proc/net/ip6_tables_names')).toBe('mangle\n');
  const matches = session(host, 'cat /proc/net/ip_tables_matches').split('\n');
  expect(matches.filter((name) => name === 'tcp')).toHaveLength(1);
  expect(matches).not.toContain('icmp6');
  const targets = session(host, 'cat /proc/net/ip6_tables_targets').split('\n');
  expect(targets.filter((name) => name === 'NFQUEUE').length % 4).toBe(0);
  expect(targets).toContain('ERROR');
});

test('settings', () => {
  const host = freshHost();
  const printed = session(
    host,
    `cat /proc/sys/net/ipv4/ip_forward
     echo 1 > /proc/sys/net/ipv4/ip_forward
     cat /proc/sys/net/ipv4/conf/eth0/forwarding
     echo yes > /proc/sys/net/ipv4/ip_forward
     cat /proc/sys/net/ipv4
     cat /proc/sys/net/ipv4/ip_forward/x
     cat /proc/sys/net/nosuch
     echo 1 > /proc/sys/net/nosuch
     echo 1 > /proc/sys/net/ipv4
     cat ../proc//self/./net/../net/nosuch
     cat /proc/sys/net/ipv4/ip_forward - nosuch`,
  );
  expect(printed.split('\n')).toEqual([
    '0',
    '1',
    'echo: write error: Invalid argument',
    'cat: /proc/sys/net/ipv4: Is a directory',
    'cat: /proc/sys/net/ipv4/ip_forward/x: Not a directory',
    'cat: /proc/sys/net/nosuch: No such file or directory',
    '/proc/sys/net/nosuch: No such file or directory',
    '/proc/sys/net/ipv4: Is a directory',
    'cat: ../proc//self/./net/../net/nosuch: No such file or directory',
    '1',
    'cat: nosuch: No such file or directory',
    '',
  ]);
});

test('lists of the match recent are read and written', () => {
  const host = freshHost();
  runLine(host, 'iptables -A INPUT -p icmp -m recent --name A --set');
  const file = '/proc/net/xt_recent/A';
  expect(readProc(host, file)).toEqual({ text: '' });
  host.advance(1);
  expect(writeProc(host, file, '+10.0.0.1\n')).toBeUndefined();
  expect(readProc(host, file)).toEqual({
    text: 'src=10.0.0.1 ttl: 0 last_seen: 4294892546 oldest_pkt: 1 4294892546\n',
  });
  host.advance(1);
  expect(writeProc(host, file, '+10.0.0.1\n')).toBeUndefined();
  expect(readProc(host, file)).toEqual({
    text: 'src=10.0.0.1 ttl: 0 last_seen: 4294892796 oldest_pkt: 2 4294892546, 4294892796\n',
  });
  expect(writeProc(host, file, '+::1\n')).toBeUndefined();
  expect(readProc(host, file)).toMatchObject({
    text: expect.stringMatching(/^src=0000:0000:0000:0000:0000:0000:0000:0001 ttl: 0 /m),
  });
  for (const text of ['10.0.0.2\n', '+foo\n', 'foo\n']) expect(writeProc(host, file, text)).toBe('EINVAL');
  expect(writeProc(host, file, '-10.0.0.1\n')).toBeUndefined();
  expect(writeProc(host, file, '-10.9.9.9\n')).toBeUndefined();
  expect(writeProc(host, file, '/\n')).toBeUndefined();
  expect(readProc(host, file)).toEqual({ text: '' });
  runLine(host, 'iptables -F');
  expect(readProc(host, file)).toEqual({ error: 'ENOENT' });
  expect(readProc(host, '/proc/net/xt_recent')).toEqual({ error: 'EISDIR' });
});
