import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshHost } from '../../formats/build-host.ts';
import type { Host } from '../../host/host.ts';
import { runCommand } from '../index.ts';

/** Rulesets of real machines, beside the repository: what the real iptables made of each is written down with them. */
const shared = process.env.FIVEHOOKS_SHARED ?? resolve(import.meta.dirname, '../../../../shared');
const FOLDER = join(shared, 'rulesets');
const NAMES = existsSync(FOLDER)
  ? readdirSync(FOLDER, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
  : [];

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

function read(name: string, file: string): string | undefined {
  const path = `${FOLDER}/${name}/${file}`;
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** A ruleset too large to be stored: its `source` begins with the command that prints it. */
function made(name: string): string | undefined {
  const command = /^scale\.py (\d+) (\w+):/.exec(read(name, 'source') ?? '');
  if (command === null) return undefined;
  return execFileSync('python3', [join(FOLDER, 'scale.py'), command[1]!, command[2]!], {
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
}

interface Outcome {
  readonly exit: number;
  readonly stderr: string;
  readonly test_exit: number;
  readonly test_stderr: string;
  /** Of a ruleset that `scale.py` makes: what it prints, without the lines of comments. */
  readonly canonical_sha256_without_comment_lines?: string;
}

interface Called {
  readonly argv: readonly string[];
  readonly stdin?: string;
  readonly exit: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/** A host with the sets that the rules name. */
function hostFor(name: string): Host {
  const host = freshHost();
  const sets = read(name, 'ipset.restore');
  if (sets !== undefined) {
    const { exit, stderr } = runCommand(host, ['ipset', 'restore'], sets);
    expect(`${exit} ${stderr}`).toBe('0 ');
  }
  return host;
}

/** Dates as the recordings have them. */
function undated(text: string): string {
  return text.replace(/ on \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/gm, ' on @DATE@');
}

/** While its tool ran, the kernel sent IPv6 packets of its own (multicast reports), which OUTPUT counted. */
function ownPackets(argv: readonly string[], text: string): string {
  if (!argv[0]?.startsWith('ip6tables')) return text;
  return text.replace(/^(:OUTPUT \w+) \[\d+:\d+\]$/gm, '$1').replace(/^\[\d+:\d+\] (-A OUTPUT)/gm, '$1');
}

const tables = (text: string): string[] => text.split(/^(?=# Generated)/m).sort();

describe.skipIf(NAMES.length === 0)('rulesets of real machines', () => {
  describe.each(NAMES)('%s', (name) => {
    const results = JSON.parse(read(name, 'result.json') ?? '{}') as Record<string, Outcome>;
    for (const [family, key, file, canonical] of [
      ['iptables', 'ipv4', 'ruleset.save', 'canonical.save'],
      ['ip6tables', 'ipv6', 'ruleset6.save', 'canonical6.save'],
    ] as const) {
      const result = results[key];
      const text = read(name, file) ?? made(name);
      if (text === undefined || result === undefined) continue;
      test(`${family}: loads, prints and is refused as there`, () => {
        const tried = runCommand(hostFor(name), [`${family}-restore`, '-t'], latin1(text));
        expect([tried.exit, utf8(tried.stderr)]).toEqual([result.test_exit, result.test_stderr]);
        const host = hostFor(name);
        const loaded = runCommand(host, [`${family}-restore`], latin1(text));
        expect([loaded.exit, utf8(loaded.stderr)]).toEqual([result.exit, result.stderr]);
        const hash = result.canonical_sha256_without_comment_lines;
        if (hash) {
          const rules = runCommand(host, [`${family}-save`]).stdout.replace(/^#.*\n/gm, '');
          expect(createHash('sha256').update(rules, 'latin1').digest('hex')).toBe(hash);
        }
        const wanted = read(name, canonical);
        if (wanted === undefined) return;
        expect(undated(utf8(runCommand(host, [`${family}-save`]).stdout))).toBe(wanted);
        const again = hostFor(name);
        expect(runCommand(again, [`${family}-restore`], latin1(wanted)).exit).toBe(0);
        // Loading turns the order of the tables round.
        const reprinted = undated(utf8(runCommand(again, [`${family}-save`]).stdout));
        expect(tables(reprinted)).toEqual(tables(wanted));
      });
    }
    const calls = read(name, 'calls.jsonl');
    if (calls === undefined) return;
    test('every call is answered as there', () => {
      const host = hostFor(name);
      for (const line of calls.split('\n').filter((text) => text !== '')) {
        const { argv, stdin = '', exit, stdout = '', stderr = '' } = JSON.parse(line) as Called;
        const answer = runCommand(host, argv.map(latin1), latin1(stdin));
        const printed = ownPackets(argv, undated(utf8(answer.stdout)));
        expect({ argv, exit: answer.exit, stdout: printed, stderr: utf8(answer.stderr) }).toEqual({
          argv,
          exit,
          stdout: ownPackets(argv, stdout),
          stderr,
        });
      }
    });
  });
});
