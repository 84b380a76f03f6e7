import { expect, test } from 'vitest';
import { matches } from '../extension.fixture.ts';

test.each([
  ['-p tcp --dport 80', 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn', true],
  ['-p tcp --dport 80', 'tcp 192.0.2.10:4000 > 203.0.113.9:81 syn', false],
  ['-p tcp ! --dport 80', 'tcp 192.0.2.10:4000 > 203.0.113.9:81 syn', true],
  ['-p tcp --sport 1024:', 'tcp 192.0.2.10:1023 > 203.0.113.9:80 syn', false],
  ['-p tcp --syn', 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn', true],
  ['-p tcp --syn', 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn,ack', false],
  ['-p tcp --tcp-flags ALL FIN,PSH,URG', 'tcp 192.0.2.10:4000 > 203.0.113.9:80 fin,psh,urg', true],
  ['-p tcp --tcp-option 2', 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn mss 1460', true],
  ['-p tcp --tcp-option 8', 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn mss 1460', false],
  ['-p tcp --dport 80', 'tcp [2001:db8:1::10]:4000 > [2001:db8:2::9]:80 syn', true],
])('%s: %s → %s', (rule, packet, expected) => {
  expect(matches(rule, packet)).toBe(expected);
});
