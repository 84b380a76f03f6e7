import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:1 > 203.0.113.9:2';

/** Whether a forwarded packet has the realm, after these commands. */
function forwarded(commands: string[], options: string): boolean {
  const { run, receive, count } = bench();
  for (const command of commands) run(command);
  run(`iptables -A FORWARD -m realm ${options}`);
  receive(PACKET);
  return count('FORWARD') === 1;
}

const TO = 'ip route add 203.0.113.9/32 dev wan0 realm 3';
const BACK = 'ip route add 192.0.2.0/28 dev lan0 realm 7';
const RULE = 'ip rule add from 192.0.2.10 lookup main realms 4/5 pref 9';

test.each([
  ['none', [], '--realm cosmos', true],
  ['of the way there', [TO], '--realm 3', true],
  ['inverted', [TO], '! --realm 3', false],
  ['of the way back, in the upper half', [BACK], '--realm 0x70000/0xffff0000', true],
  ['of both ways', [TO, BACK], '--realm 0x70003', true],
  ['of the rule', [RULE], '--realm 0x40005', true],
  ['of the route, else of the rule, else of the way back', [RULE, TO, BACK], '--realm 0x40003', true],
  ['under a mask', [TO], '--realm 2/2', true],
  // Linux compares with the whole value.
  ['with bits outside the mask', [TO], '--realm 3/2', false],
])('a realm %s', (_, commands, options, expected) => {
  expect(forwarded(commands, options)).toBe(expected);
});

test('a packet for this host has only the realm of where it came from', () => {
  const { run, receive, count } = bench();
  run('ip route add local 192.0.2.77 dev lo realm 21');
  run(BACK);
  run('iptables -A INPUT -m realm --realm 0x70000');
  receive('udp 192.0.2.10:1 > 192.0.2.77:2');
  expect(count('INPUT')).toBe(1);
});

test('a next hop keeps the realm of the rule that found it first', () => {
  const { run, send, count } = bench();
  run('ip rule add fwmark 1 lookup main realms 6 pref 1');
  run('ip rule add fwmark 2 lookup main realms 7 pref 2');
  run('iptables -A OUTPUT -m realm --realm 6');
  send('udp 203.0.113.1:1 > 203.0.113.9:2', { mark: 1 });
  send('udp 203.0.113.1:1 > 203.0.113.9:2', { mark: 2 });
  expect(count('OUTPUT')).toBe(2);
  run('ip route add 198.51.100.0/24 via 203.0.113.9');
  send('udp 203.0.113.1:1 > 203.0.113.9:2', { mark: 2 });
  expect(count('OUTPUT')).toBe(2);
});

test('not before routing', () => {
  expect(() => bench().run('iptables -t mangle -A PREROUTING -m realm --realm 1')).toThrow(
    'Invalid argument',
  );
});
