import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { Host } from '../../host/host.ts';
import { runCommand } from '../index.ts';

interface Recorded {
  readonly cmd: string;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

const file = resolve(import.meta.dirname, '../../../conformance/ip/commands.jsonl');
const recorded = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

/** A fresh host as the recorder had it: one interface that is down. */
function freshHost(): Host {
  const host = new Host();
  host.interfaces.add({ name: 'lan0', mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  return host;
}

test('ip answers as the real one did, command by command', () => {
  const host = freshHost();
  const different: string[] = [];
  for (const { cmd, exit, stdout, stderr } of recorded) {
    const result = runCommand(host, cmd.split(' '));
    const got = { exit: result.exit, stdout: result.stdout, stderr: result.stderr };
    const wanted = { exit, stdout, stderr };
    if (JSON.stringify(got) !== JSON.stringify(wanted)) {
      different.push(`${cmd}\n  expected ${JSON.stringify(wanted)}\n  got      ${JSON.stringify(got)}`);
    }
  }
  expect(different.join('\n')).toBe('');
});

test('-batch stops at the first command that fails, and names its line', () => {
  const host = freshHost();
  const result = runCommand(
    host,
    ['ip', '-batch', '-'],
    'link set lan0 up\n\n# a remark\nroute add 192.0.2.0/24 via 9.9.9.9\naddr add 192.0.2.1/24 dev lan0\n',
  );
  expect(result.exit).toBe(1);
  expect(result.stderr).toBe('Error: Nexthop has invalid gateway.\nCommand failed -:4\n');
  expect(host.interfaces.require('lan0').addresses4).toEqual([]);
});

test('-force goes on', () => {
  const host = freshHost();
  runCommand(host, ['ip', '-force', '-batch', '-'], 'link set nope up\nlink set lan0 up\n');
  expect(host.interfaces.require('lan0').up).toBe(true);
});

test('what iproute2 has and this one has not is refused by name', () => {
  expect(runCommand(freshHost(), ['ip', 'netns', 'add', 'x'])).toMatchObject({
    exit: 1,
    stderr: 'not supported yet: command ip netns\n',
    unsupported: 'command ip netns',
  });
});
