import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const ASK = 'icmp 192.0.2.10 > 192.0.2.1 echo-request id 1 "1234"';

test.each([
  ['packets', 'original', [1, 2, 3]],
  ['packets', 'reply', [0, 1, 2]],
  ['packets', 'both', [1, 3, 5]],
  ['bytes', 'original', [32, 64, 96]],
  ['avgpkt', 'both', [32, 32, 32]],
])('connbytes counts %s of direction %s', (mode, direction, expected) => {
  const { run, receive, count } = bench();
  const options = `--connbytes-mode ${mode} --connbytes-dir ${direction}`;
  run(`iptables -A INPUT -m connbytes --connbytes ${expected[0]}:${expected[0]} ${options}`);
  run(`iptables -A INPUT -m connbytes ! --connbytes ${expected[1]! + 1}: ${options}`);
  run(`iptables -A INPUT -m connbytes --connbytes ${expected[2]} ${options}`);
  for (let i = 0; i < 3; i++) receive(ASK);
  const fits = (holds: (value: number) => boolean) => expected.filter(holds).length;
  expect([1, 2, 3].map((rule) => count('INPUT', rule))).toEqual([
    fits((value) => value === expected[0]),
    fits((value) => value <= expected[1]!),
    fits((value) => value >= expected[2]!),
  ]);
});

test('the rule turns accounting on; what began before has no counts', () => {
  const { run, receive, count } = bench();
  run('iptables -A INPUT -m state --state NEW,ESTABLISHED');
  receive(ASK);
  run('iptables -A INPUT -m connbytes --connbytes 0 --connbytes-mode bytes --connbytes-dir both');
  expect(run('sysctl net.netfilter.nf_conntrack_acct')).toContain('= 1');
  receive(ASK);
  expect(count('INPUT', 2)).toBe(0);
  receive(ASK.replace('id 1', 'id 2'));
  expect(count('INPUT', 2)).toBe(1);
});

test('inversion swaps the ends, and a range of one value loses it', () => {
  const { run } = bench();
  const rest = '--connbytes-mode bytes --connbytes-dir both';
  run(`iptables -A INPUT -m connbytes ! --connbytes 5:6 ${rest}`);
  run(`iptables -A INPUT -m connbytes ! --connbytes 5:5 ${rest}`);
  run(`iptables -A INPUT -m connbytes ! --connbytes : ${rest}`);
  expect(run('iptables -S INPUT').match(/(! )?--connbytes [0-9:]+/g)).toEqual([
    '! --connbytes 5:6',
    '--connbytes 5:5',
    '! --connbytes 0',
  ]);
});
