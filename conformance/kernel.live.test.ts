import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Recording } from '../src/formats/recording.ts';
import { readScenario } from '../src/formats/scenario.ts';
import { differences, playAs, playFolder, readJson, scenarioNames } from './folder.ts';

/** How many scenarios a run records afresh; `npm run test:live` records them all. */
const SAMPLE = 15;
const all = process.env.FIVEHOOKS_LIVE === '1';
const directory = mkdtempSync(join(tmpdir(), 'fivehooks-live-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const why = cannotRecord();
if (why)
  console.log(`This machine cannot record what its kernel does: ${why}. The tests against it are skipped.`);

describe.skipIf(why !== undefined)("this machine's kernel does as we do", () => {
  const playable = playFolder(import.meta.dirname).filter(({ played }) => played.kind === 'played');
  const chosen = all ? playable : sample(playable, SAMPLE);

  test(`${chosen.length} recorded scenarios, recorded afresh`, () => {
    for (const { name } of chosen) {
      const from = join(import.meta.dirname, 'scenarios', `${name}.json`);
      const to = join(directory, 'scenarios', `${name}.json`);
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(to, readFileSync(from));
    }
    const names = chosen.map(({ name }) => name);
    expect(disagreements(directory, names)).toEqual([]);
  });

  test.each(['path', 'rules', 'ipv6', 'commands'])('scenarios that nobody thought of: %s', (kind) => {
    const root = join(directory, kind);
    const count = all ? '100' : '5';
    run('generate', [count, '-o', join(root, 'scenarios'), '--seed', '1', '--kind', kind]);
    const names = [...scenarioNames(root)];
    expect(names.length).toBe(Number(count));
    expect(disagreements(root, names)).toEqual([]);
  });
});

/** Records scenarios and answers how we differ; what differs is recorded again, since a busy machine can be late. */
function disagreements(root: string, names: readonly string[]): readonly string[] {
  const first =
    names.length > 0 ? recordAndJudge(root, names, 'first') : new Map<string, readonly string[]>();
  const doubtful = [...first].filter(([, lines]) => lines.length > 0).map(([name]) => name);
  if (doubtful.length === 0) return [];
  return [...recordAndJudge(root, doubtful, 'second').values()].flat();
}

/** Differences by scenario between fresh recordings and what we do at the time they were made. */
function recordAndJudge(
  root: string,
  names: readonly string[],
  folder: string,
): ReadonlyMap<string, readonly string[]> {
  const wanted = join(root, folder, 'scenarios');
  for (const name of names) {
    mkdirSync(dirname(join(wanted, `${name}.json`)), { recursive: true });
    writeFileSync(join(wanted, `${name}.json`), readFileSync(join(root, 'scenarios', `${name}.json`)));
  }
  const recordings = join(root, folder, 'recordings');
  const complaints = run('record', [wanted, '-o', recordings], [0, 1]);
  return new Map(
    names.map((name) => {
      const file = join(recordings, `${name}.recording.json`);
      if (!existsSync(file)) return [name, [`${name}: not recorded: ${complaints}`]];
      const expected = readJson(file) as Recording;
      const scenario = readScenario(readJson(join(wanted, `${name}.json`)));
      return [name, differences({ name, expected, played: playAs(scenario, expected) })];
    }),
  );
}

/** Runs one of the programs of this folder; answers what it said on standard error. */
function run(program: string, args: readonly string[], allowed: readonly number[] = [0]): string {
  const done = spawnSync('python3', [join(import.meta.dirname, program), ...args], { encoding: 'utf8' });
  if (!allowed.includes(done.status ?? -1))
    throw new Error(`${program} ended with ${done.status}: ${done.stderr}`);
  return done.stderr;
}

/** Always the same choice of a list's entries, spread over it. */
function sample<T>(list: readonly T[], count: number): readonly T[] {
  let state = 1;
  const rest = [...list];
  const chosen: T[] = [];
  while (chosen.length < count && rest.length > 0) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    chosen.push(...rest.splice(state % rest.length, 1));
  }
  return chosen;
}

/** Why the recorder cannot run here; undefined if it can. */
function cannotRecord(): string | undefined {
  if (process.getuid?.() !== 0) return 'the tests do not run as root';
  for (const program of ['python3', 'iptables-legacy', 'ip6tables-legacy', 'conntrack', 'ip', 'unshare']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `there is no ${program}`;
  }
  const probe =
    'iptables-legacy -t raw -I OUTPUT -j TRACE && ip tuntap add probe0 mode tap && test -r /dev/kmsg';
  const done = spawnSync('unshare', ['-n', 'sh', '-c', probe], { encoding: 'utf8' });
  return done.status === 0
    ? undefined
    : `Netfilter in a network namespace: ${(done.stderr || 'no answer').trim()}`;
}
