import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

test('every rule that the packet meets from here on is logged', () => {
  const { run, receive, log } = bench();
  run('iptables -t raw -A PREROUTING -p udp -j TRACE');
  run('iptables -A FORWARD -p udp -j ACCEPT');
  receive('udp 192.0.2.10:4000 > 203.0.113.9:53');
  receive('tcp 192.0.2.10:4000 > 203.0.113.9:53 syn');
  expect(log.map((line) => /TRACE: (\S+)/.exec(line)?.[1])).toEqual([
    'raw:PREROUTING:policy:2',
    'filter:FORWARD:rule:1',
  ]);
});
