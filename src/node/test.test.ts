import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'fivehooks-'));
afterAll(() => rmSync(folder, { recursive: true }));
const cli = resolve(import.meta.dirname, 'cli.ts');

writeFileSync(
  join(folder, 'host.yaml'),
  `interfaces:
- { name: lan0, addresses: [192.0.2.1/24] }
- { name: wan0, addresses: [203.0.113.1/24] }
sysctls: { net.ipv4.ip_forward: '1' }
`,
);
writeFileSync(
  join(folder, 'rules.v4'),
  '*filter\n:FORWARD DROP\n-A FORWARD -i lan0 -j ACCEPT\n-A FORWARD -p udp -j ACCEPT\nCOMMIT\n',
);

function run(cases: string, ...options: string[]) {
  const file = join(folder, 'cases.yaml');
  writeFileSync(file, `host: host.yaml\niptables: rules.v4\ntests:\n${cases}`);
  const { status, stdout, stderr } = spawnSync('npx', ['tsx', cli, 'test', file, ...options], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr: stderr.replace(/^npm warn.*\n/gm, '') };
}

const GOOD = `- name: out
  packet: tcp 192.0.2.9:4000 > 203.0.113.9:80
  in: lan0
  expect: { verdict: forward, rule: FORWARD 1 }
`;

test('passes, and tells the rule that no case reached with its line', () => {
  const { status, stdout } = run(GOOD, '--coverage', '60');
  expect(stdout).toContain('ok    out\n1 passed, 0 failed (1 tries)');
  expect(stdout).toContain('filter FORWARD 2 (line 4): -A FORWARD -p udp -j ACCEPT: never asked');
  expect(stdout).toContain('1 of 2 rules reached (50.0 %)');
  expect(status).toBe(1);
});

test('a failure is placed, and says why', () => {
  const { status, stdout } = run(GOOD.replace('FORWARD 1', 'FORWARD 2'));
  expect(status).toBe(1);
  expect(stdout).toMatch(/cases\.yaml:7:11: tcp 192\.0\.2\.9:4000/);
  expect(stdout).toContain(
    'FORWARD 2 was not asked: rule 1 of filter FORWARD: -A FORWARD -i lan0 -j ACCEPT came first',
  );
});

test('a wrong field is placed, and says what would be right', () => {
  const { status, stderr } = run(GOOD.replace('verdict', 'verdit'));
  expect(status).toBe(1);
  expect(stderr).toMatch(/cases\.yaml:7:13: tests\[0\]\.expect\.verdit: .*is it 'verdict'\?/);
});
