/** Sequences of commands that the real nfacct 1.0.2 ran on Linux 6.18, each in a fresh network namespace. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import { parsePacket } from '../../formats/packet-language/index.ts';
import { runCommand } from '../index.ts';

interface Call {
  readonly argv: readonly string[];
  readonly stdin: string;
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Instead of a command: so many echo requests to the host itself, of 84 bytes each. */
  readonly echoes?: number;
}

const FILE = resolve(import.meta.dirname, '../../../conformance/nfacct-command/calls.jsonl');
const sequences = readFileSync(FILE, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => (JSON.parse(line) as { calls: readonly Call[] }).calls);

const timeless = (text: string) => text.replace(/"timestamp" : \d+/, '"timestamp" : *');

it.each(sequences.map((calls, number) => [number, calls] as const))('sequence %i', (_number, calls) => {
  const host = freshHost();
  for (const { argv, stdin, exit, stdout, stderr, echoes } of calls) {
    for (let id = 1; id <= (echoes ?? 0); id++) {
      const { packet } = parsePacket(`icmp 127.0.0.1 > 127.0.0.1 echo-request id ${id} len 56`);
      host.send(packet!);
    }
    if (echoes !== undefined) continue;
    const got = runCommand(host, argv, stdin);
    expect({ ...got, stdout: timeless(got.stdout) }, argv.join(' ')).toMatchObject({
      exit,
      stdout: timeless(stdout),
      stderr,
    });
  }
});
