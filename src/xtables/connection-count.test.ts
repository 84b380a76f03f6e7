import { expect, test } from 'vitest';
import { ConnectionCount } from './connection-count.ts';
import { bench } from './extension.fixture.ts';

test('keys of the past are forgotten while new ones come', () => {
  const { host, run, receive } = bench();
  run('iptables -t raw -A PREROUTING -j ACCEPT');
  run('iptables -A FORWARD -m state --state NEW');
  const counted = new ConnectionCount(host.conntrack, 1);
  host.hooks.register({
    name: 'count',
    family: 4,
    hook: 2,
    priority: 1,
    run: (packet) => {
      counted.count(packet, [packet.bytes[packet.network + 15]!, packet.bytes[packet.network + 14]!, 0]);
      return 1;
    },
  });
  for (let n = 0; n < 400; n++) {
    receive(`udp 192.0.${2 + (n >> 8)}.${n & 255}:9 > 203.0.113.9:53`);
    if (n === 199) host.advance(31);
  }
  for (let n = 0; n < 200; n++) receive(`udp 192.0.9.${n}:9 > 203.0.113.9:53`);
  expect(counted.size).toBeLessThan(480);
  expect(counted.size).toBeGreaterThanOrEqual(400);
});
