import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const PACKET = 'udp 192.0.2.10:4000 > 203.0.113.9:53';
const BROKEN = 'tcp 192.0.2.10:4000 > 203.0.113.9:80 rst,fin';

test.each([
  ['--ctorigsrc 192.0.2.0/24', 1],
  ['! --ctorigsrc 192.0.2.77/24', 0],
  ['--ctreplsrc 203.0.113.9', 1],
  ['--ctrepldst 203.0.113.9', 0],
  ['--ctproto udp --ctorigdstport 50:60', 1],
  ['--ctreplsrcport 53 --ctrepldstport 4000', 1],
  ['--ctorigsrcport 5000:4000', 0],
  ['! --ctorigsrcport 5000:0', 1],
  ['--ctdir REPLY', 0],
  ['--ctstatus NONE', 0],
  ['! --ctstatus CONFIRMED', 1],
  // Not in the table yet, it lives for no time.
  ['--ctexpire 0', 1],
])('conntrack %s', (words, expected) => {
  const { run, receive, count } = bench();
  run(`iptables -A FORWARD -m conntrack ${words}`);
  receive(PACKET);
  expect(count('FORWARD')).toBe(expected);
});

test('time passes until a connection expires', () => {
  const { host, run, receive, count } = bench();
  run('iptables -A FORWARD -m conntrack --ctexpire 29:30');
  run('iptables -A FORWARD -m conntrack ! --ctexpire 0');
  run('iptables -A FORWARD -m conntrack --ctstate NEW');
  const counts = () => [1, 2, 3].map((rule) => count('FORWARD', rule));
  receive(PACKET);
  expect(counts()).toEqual([0, 0, 1]);
  host.advance(8);
  // The packet itself has made it young again.
  receive(PACKET);
  expect(counts()).toEqual([1, 1, 2]);
});

test('without a connection only the state counts, and then nothing else does', () => {
  const { run, receive, count } = bench();
  run('iptables -A FORWARD -m conntrack --ctstate INVALID --ctproto udp --ctstatus ASSURED');
  run('iptables -A FORWARD -m conntrack ! --ctproto udp');
  run('iptables -A FORWARD -m conntrack ! --ctstate NEW --ctdir REPLY');
  receive(BROKEN);
  expect([1, 2, 3].map((rule) => count('FORWARD', rule))).toEqual([1, 0, 1]);
});

test('IPv6 addresses under a mask', () => {
  const { run, receive, count } = bench();
  run('ip6tables -A FORWARD -m conntrack --ctorigsrc 2001:db8:1::ffff/112');
  run('ip6tables -A FORWARD -m conntrack --ctorigdst 2001:db8:2::8/127');
  run('ip6tables -A FORWARD -m conntrack --ctorigdst 2001:db8:2::8');
  receive('udp [2001:db8:1::10]:1 > [2001:db8:2::9]:2');
  expect([1, 2, 3].map((rule) => count('FORWARD', rule))).toEqual([1, 1, 0]);
});

test('no option is refused', () => {
  expect(() => bench().run('iptables -A FORWARD -m conntrack')).toThrow('At least one option is required');
});

test('an upper port that is 0 is not printed', () => {
  const { run } = bench();
  run('iptables -A FORWARD -m conntrack --ctorigsrcport 2:0 --ctorigdstport 4:3');
  expect(run('iptables -S FORWARD')).toContain('--ctorigsrcport 2 --ctorigdstport 4:3\n');
});
