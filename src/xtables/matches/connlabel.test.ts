import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { bench } from '../extension.fixture.ts';
import { Names } from '../names.ts';

const ASK = 'icmp 192.0.2.10 > 192.0.2.1 echo-request id 1';

test('a label stays with the connection', () => {
  const { run, receive, count } = bench();
  run('iptables -A INPUT -m connlabel --label 100');
  run('iptables -A INPUT -m connlabel ! --label 100');
  run('iptables -A OUTPUT -m connlabel --label 100 --set');
  run('iptables -A OUTPUT -m connlabel ! --label 101 --set');
  receive(ASK);
  receive(ASK);
  expect([count('INPUT'), count('INPUT', 2), count('OUTPUT'), count('OUTPUT', 2)]).toEqual([1, 1, 2, 0]);
});

test('labels are there for connections that begin after the rule', () => {
  const { run, receive, count } = bench();
  run('iptables -A INPUT -m state --state NEW,ESTABLISHED');
  receive(ASK);
  run('iptables -A INPUT -m connlabel --label 1 --set');
  receive(ASK);
  receive(ASK.replace('id 1', 'id 2'));
  expect(count('INPUT', 2)).toBe(1);
});

test('names come from a file; without it each line complains', () => {
  const { host } = bench();
  const iptables = (...words: string[]) => runCommand(host, ['iptables', ...words]);
  iptables('-A', 'INPUT', '-m', 'connlabel', '--label', '3');
  expect(iptables('-S', 'INPUT').stderr).toContain('cannot open /etc/xtables/connlabel.conf');
  host.xtables.names = new Names({ connlabels: '# bit name\n3 voip\n4 bulk\n' });
  iptables('-A', 'INPUT', '-m', 'connlabel', '!', '--label', 'bulk', '--set');
  expect(iptables('-S', 'INPUT')).toMatchObject({
    stderr: '',
    stdout: expect.stringContaining(
      '-A INPUT -m connlabel --label "voip"\n-A INPUT -m connlabel ! --label "bulk" --set\n',
    ),
  });
  expect(iptables('-A', 'INPUT', '-m', 'connlabel', '--label', 'x').stderr).toContain("label 'x' not found");
});

test('there are 128 labels', () => {
  expect(() => bench().run('iptables -A INPUT -m connlabel --label 128')).toThrow('out of range');
});
