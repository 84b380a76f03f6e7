import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const CLI = join(import.meta.dirname, 'cli.ts');
const directory = mkdtempSync(join(tmpdir(), 'fivehooks-shell-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function shell(args: readonly string[], input: string): Promise<Done> {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, 'shell', ...args]);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.end(input);
  return new Promise((done) => child.on('close', (status) => done({ status, stdout, stderr })));
}

async function answers(
  lines: readonly string[],
): Promise<{ exit: number; stdout: string; stderr: string }[]> {
  const { status, stdout } = await shell(['--json'], lines.map((line) => `${line}\n`).join(''));
  expect(status).toBe(0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { exit: number; stdout: string; stderr: string });
}

test('a terminal session', async () => {
  const session = `# a comment

iptables -A INPUT -s 192.0.2.7 -m comment --comment "not them: ünïcode" -j DROP
iptables -S INPUT
cat /proc/net/ip_tables_names
echo 1 > /proc/sys/net/ipv4/ip_forward
cat /proc/sys/net/ipv4/ip_forward
nosuch 7`;
  const { status, stdout, stderr } = await shell([], session);
  expect(stdout).toBe(
    '-P INPUT ACCEPT\n-A INPUT -s 192.0.2.7/32 -m comment --comment "not them: ünïcode" -j DROP\nfilter\n1\n',
  );
  expect(stderr).toBe('nosuch: not found\n');
  expect(status).toBe(127);
});

test('output and errors come in their order; exit ends it', async () => {
  const child = spawn('sh', ['-c', `exec "$0" --import tsx "$1" shell 2>&1`, process.execPath, CLI]);
  let text = '';
  child.stdout.on('data', (data) => {
    text += String(data);
  });
  child.stdin.end('echo 1\nnosuch\necho 2\ncat -x\nexit 7 # done\necho 3\n');
  expect(await new Promise((done) => child.on('close', done))).toBe(7);
  expect(text).toBe(
    "1\nnosuch: not found\n2\ncat: invalid option -- 'x'\nTry 'cat --help' for more information.\n",
  );
});

test('every line is answered by one line', async () => {
  const all = await answers([
    'iptables -N web',
    '"iptables -N \\"a b\\""',
    '{"argv": ["iptables-restore"], "stdin": "*filter\\n-A INPUT -m comment --comment \\"grün\\"\\nCOMMIT\\n"}',
    '{"argv": ["iptables", "-S", "INPUT"]}',
    '',
    '# nothing',
    '{"argv": []}',
    '{"argv": ["true"], "stdn": ""}',
    '{"argv": ["true"',
    '{"argv": ["cat"], "stdin": 7}',
    'iptables "',
    'iptables -L | grep x',
    'cat /proc/nosuch',
    'cat /proc/net/ip_tables_names/x',
    'cat /proc',
    'echo 7 > /proc/net/ip_tables_names',
    'echo x > /proc/sys/net/ipv4/ip_forward',
    '{"argv": ["cat", "-"], "stdin": "é"}',
  ]);
  expect(all.map(({ exit }) => exit)).toEqual([0, 2, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 0]);
  expect(all[3]?.stdout).toBe('-P INPUT ACCEPT\n-A INPUT -m comment --comment "grün"\n');
  expect(all.slice(6).map(({ stdout, stderr }) => stdout + stderr)).toEqual([
    'fivehooks: argv must be a list of at least one text\n',
    "fivehooks: unknown field 'stdn'; there are argv and stdin\n",
    expect.stringMatching(/^fivehooks: not JSON: /),
    'fivehooks: stdin must be a text\n',
    'syntax error: a quote (") is not closed\n',
    expect.stringMatching(/^syntax error: '\|': pipes are not supported/),
    'cat: /proc/nosuch: No such file or directory\n',
    'cat: /proc/net/ip_tables_names/x: Not a directory\n',
    'cat: /proc: Is a directory\n',
    '/proc/net/ip_tables_names: Permission denied\n',
    'echo: write error: Invalid argument\n',
    'é',
  ]);
});

test('an answer comes before the next line is sent', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', CLI, 'shell', '--json']);
  child.stdout.setEncoding('utf8');
  const answer = () => new Promise<string>((done) => child.stdout.once('data', done));
  for (const line of ['iptables -N one', 'iptables -N one']) {
    const waiting = answer();
    child.stdin.write(`${line}\n`);
    expect(JSON.parse(await waiting)).toHaveProperty('exit');
  }
  child.stdin.end();
  expect(await new Promise((done) => child.on('close', done))).toBe(0);
});

test('a described host', async () => {
  const file = join(directory, 'host.yaml');
  writeFileSync(
    file,
    'interfaces: [{ name: lan0, addresses: [192.0.2.1/24] }]\niptables: |\n  *raw\n  COMMIT\n',
  );
  const { stdout } = await shell(
    ['--host', file],
    'cat /proc/net/ip_tables_names\nip -4 -o addr show dev lan0\n',
  );
  expect(stdout).toMatch(/^raw\n2: lan0 {4}inet 192\.0\.2\.1\/24 /);
});

test.each([
  [
    'interfaces: [{ name: lan0 }]\niptables: |\n  *filter\n  -A INPUT -j ACCEPT\n  -A INPUT --nosuch\n  COMMIT\n',
    /:5:1: iptables line 3: /,
  ],
  ['interfaces: [{ name: lan0 }]\nroutes: [default via 192.0.2.1 dev lan9]\n', /:2:10: routes\[0\]: .*lan9/],
  [
    'interfaces: [{ name: lan0 }]\nsysctls: { net.ipv4.nosuch: 1 }\n',
    /:2:29: sysctls\.net\.ipv4\.nosuch: .*No such file/,
  ],
])('a host that cannot be set up: %s', async (text, message) => {
  const file = join(directory, 'broken.yaml');
  writeFileSync(file, text);
  const { status, stdout, stderr } = await shell(['--host', file], 'iptables -S\n');
  expect(stdout).toBe('');
  expect(stderr).toMatch(message);
  expect(stderr.trim()).toMatch(/^fivehooks: /);
  expect(status).toBe(1);
});
