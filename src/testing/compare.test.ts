import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Recording } from '../formats/recording.ts';
import { compareRecordings } from './compare.ts';

const ROOT = resolve(import.meta.dirname, '../../conformance');
const directory = mkdtempSync(join(tmpdir(), 'fivehooks-compare-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Pair {
  readonly name: string;
  readonly expected: Recording;
  readonly got: Recording;
}

/** What the Python program says of each pair: lines of differences by name. */
function judgedByPython(pairs: readonly Pair[]): Map<string, string[]> {
  for (const side of ['expected', 'got'] as const) {
    mkdirSync(join(directory, side), { recursive: true });
    for (const pair of pairs)
      writeFileSync(join(directory, side, `${pair.name}.recording.json`), JSON.stringify(pair[side]));
  }
  let output: string;
  try {
    const program = [join(ROOT, 'compare'), join(directory, 'expected'), join(directory, 'got')];
    output = execFileSync('python3', program, { encoding: 'utf8', maxBuffer: 1 << 28 });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const lines = new Map<string, string[]>(pairs.map(({ name }) => [name, []]));
  for (const line of output.trim().split('\n').slice(0, -1)) {
    lines.get(line.slice(0, line.indexOf(':')))?.push(line);
  }
  expect(output).toMatch(/\d+ scenarios, \d+ equal, \d+ different\n$/);
  return lines;
}

/** Where a line says the difference is: everything but the values. */
function place(line: string): string {
  return line.slice(0, line.indexOf(': expected'));
}

/** Every recording of the repository, with one thing changed at a time, in ways that masks forgive and ways they do not. */
function pairs(): Pair[] {
  const found: Pair[] = [];
  const areas = readdirSync(join(ROOT, 'recordings'));
  const files = areas.flatMap((area) =>
    readdirSync(join(ROOT, 'recordings', area)).map((file) => join(area, file)),
  );
  for (const [index, file] of files.entries()) {
    const text = readFileSync(join(ROOT, 'recordings', file), 'utf8');
    const expected = JSON.parse(text) as Recording;
    found.push({ name: `same-${index}`, expected, got: JSON.parse(text) as Recording });
    for (const [what, change] of CHANGES.entries()) {
      if ((index + what) % 3 !== 0) continue;
      const got = JSON.parse(text) as Mutable;
      if (change(got, index))
        found.push({ name: `changed-${index}-${what}`, expected, got: got as Recording });
    }
  }
  return found;
}

interface Mutable {
  load?: { what: string; exit: number; stderr: string };
  steps?: {
    out: { dev: string; frame: string; mask?: string[] }[];
    log: string[];
    path: string[];
    exit?: number;
    stdout?: string;
    error?: string;
  }[];
  iptables?: string;
  conntrack?: string[];
}

/** Each changes a recording and answers whether there was something to change. */
const CHANGES: readonly ((recording: Mutable, seed: number) => boolean)[] = [
  ({ load }) => {
    if (load) load.exit++;
    return load !== undefined;
  },
  ({ steps }, seed) => {
    const frames = steps?.flatMap((step) => step.out) ?? [];
    const frame = frames[seed % Math.max(1, frames.length)];
    if (!frame) return false;
    const at = (seed * 7) % (frame.frame.length / 2);
    const byte = Number.parseInt(frame.frame.slice(at * 2, at * 2 + 2), 16) ^ 0x55;
    frame.frame =
      frame.frame.slice(0, at * 2) + byte.toString(16).padStart(2, '0') + frame.frame.slice(at * 2 + 2);
    return true;
  },
  ({ steps }) => {
    const masked = steps?.flatMap((step) => step.out).find((frame) => frame.mask?.includes('ip-id'));
    if (!masked) return false;
    masked.frame = `${masked.frame.slice(0, 36)}beef${masked.frame.slice(40)}`;
    return true;
  },
  ({ steps }, seed) => {
    const step = steps?.filter(({ path }) => path.length > 0)[seed % 3];
    step?.path.splice(seed % step.path.length, 1);
    return step !== undefined;
  },
  ({ steps }) => {
    const step = steps?.find(({ log }) => log.length > 0);
    if (step) step.log = step.log.map((line) => line.replace(/ID=\d+/, 'ID=7').replace(/LEN=\d+/, 'LEN=9'));
    return step !== undefined;
  },
  ({ steps }) => {
    const step = steps?.find(({ log }) => log.some((line) => line.includes('=*')));
    if (step) step.log = step.log.map((line) => line.replaceAll('=*', '=77'));
    return step !== undefined;
  },
  ({ steps }) => steps?.pop() !== undefined,
  ({ steps }) => {
    const step = steps?.find(({ exit }) => exit !== undefined);
    if (!step) return false;
    step.exit = 9;
    step.stdout = `# comment\n${step.stdout}more`;
    return true;
  },
  (recording) => {
    if (!recording.iptables) return false;
    recording.iptables = recording.iptables.replace(/\[\d+:/, '[99:');
    return true;
  },
  (recording, seed) => {
    const lines = recording.conntrack;
    if (!lines || lines.length === 0) return false;
    recording.conntrack = lines
      .map((line) =>
        line.replace(/^(ipv[46] \d+ \S+ \d+) (\d+)/, (_, a, b) => `${a} ${Number(b) + (seed % 5)}`),
      )
      .reverse();
    return true;
  },
  (recording) => {
    const lines = recording.conntrack;
    if (!lines || lines.length === 0) return false;
    recording.conntrack = lines.map((line) =>
      line.replace(/use=\d+/, 'use=9').replace(/\d+\.\.\d+/, '70000'),
    );
    return true;
  },
  ({ steps }) => {
    const frame = steps?.flatMap((step) => step.out)[0];
    if (frame) frame.dev = 'other0';
    return frame !== undefined;
  },
];

test('agrees with conformance/compare on every recording and on changed ones', () => {
  const all = pairs();
  const judged = judgedByPython(all);
  let different = 0;
  for (const { name, expected, got } of all) {
    const lines = compareRecordings(name, expected, got);
    expect(lines.map(place)).toEqual(judged.get(name)!.map(place));
    if (name.startsWith('same')) expect(lines).toEqual([]);
    if (lines.length > 0) different++;
  }
  expect(different).toBeGreaterThan(300);
});
