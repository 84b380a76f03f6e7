/** A ruleset of 100,000 rules: how long it takes, and what a slip in it does. */
import { expect, test } from 'vitest';
import { freshXtables } from './cases.fixture.ts';
import { runRestore } from './restore.ts';
import { runSave } from './save.ts';

const RULES = 100_000;

function ruleset(broken?: { readonly line: number; readonly text: string }): string {
  const lines = [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':out - [0:0]',
  ];
  for (let i = 0; i < RULES; i++) {
    const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
    if (i % 4 === 0) lines.push(`-A INPUT -s ${address}/32 -j DROP`);
    else if (i % 4 === 1)
      lines.push(`-A INPUT -s ${address}/32 -p tcp -m tcp --dport ${i % 65536} -j ACCEPT`);
    else if (i % 4 === 2)
      lines.push(`-A INPUT -d ${address}/32 -i eth1 -m comment --comment "rule ${i}" -j out`);
    else
      lines.push(`-A INPUT -p tcp -m tcp --sport ${i % 65536} -m mark --mark 0x${i.toString(16)} -j RETURN`);
  }
  if (broken) lines[broken.line - 1] = broken.text;
  return `${lines.join('\n')}\nCOMMIT\n`;
}

const rulesOf = (text: string): string => text.replace(/^#.*\n/gm, '');

test('it loads in less than 2 seconds and prints back as it was', () => {
  const text = ruleset();
  const times = [1, 2, 3].map(() => {
    const xtables = freshXtables();
    const began = performance.now();
    const loaded = runRestore(xtables, 4, ['iptables-restore'], text);
    const took = performance.now() - began;
    expect(`${loaded.exit} ${loaded.stderr}`).toBe('0 ');
    expect(rulesOf(runSave(xtables, 4, ['iptables-save', '-t', 'filter'], 0).stdout)).toBe(text);
    return took;
  });
  expect(Math.min(...times)).toBeLessThan(2000);
});

test.each([
  ['-A INPUT -p tcp --dprot 22 -j ACCEPT', 'unknown option "--dprot"'],
  ['-A INPUT -s 10.0.0.300 -j ACCEPT', "host/network `10.0.0.300' not found"],
  ['-A INPUT -p tcp -m tcp --dport htpp -j ACCEPT', "invalid port/service `htpp' specified"],
])('a slip in line 77777 is named, and the old ruleset stays: %s', (text, message) => {
  const xtables = freshXtables();
  const save = () => rulesOf(runSave(xtables, 4, ['iptables-save', '-t', 'filter'], 0).stdout);
  expect(
    runRestore(xtables, 4, ['iptables-restore'], '*filter\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n').exit,
  ).toBe(0);
  const before = save();
  const refused = runRestore(xtables, 4, ['iptables-restore'], ruleset({ line: 77_777, text }));
  expect(refused.exit).toBe(2);
  expect(refused.stderr).toContain(message);
  expect(refused.stderr).toContain('Error occurred at line: 77777');
  expect(save()).toBe(before);
});
