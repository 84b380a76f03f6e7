import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { PlayedRecording } from '../formats/recording.ts';
import { main } from './program.ts';

const SCENARIOS = resolve(import.meta.dirname, '../../conformance/scenarios');
const directory = mkdtempSync(join(tmpdir(), 'fivehooks-play-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let errors = '';
let output = '';
beforeEach(() => {
  errors = '';
  output = '';
  process.exitCode = undefined;
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    errors += String(text);
    return true;
  });
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    return true;
  });
});

async function run(...argv: string[]): Promise<number> {
  try {
    return await main(argv);
  } finally {
    process.exitCode = undefined;
    vi.restoreAllMocks();
  }
}

function recording(...path: string[]): PlayedRecording {
  return JSON.parse(readFileSync(join(directory, ...path), 'utf8')) as PlayedRecording;
}

test('files are laid out below the folder as they were found', async () => {
  cpSync(join(SCENARIOS, 'path/forward-udp.json'), join(directory, 'in/a/forward-udp.json'));
  cpSync(join(SCENARIOS, 'path/arp.json'), join(directory, 'in/arp.json'));
  const exit = await run(
    'play',
    join(directory, 'in'),
    join(SCENARIOS, 'path/no-route.json'),
    '-o',
    join(directory, 'out'),
  );
  expect(errors).toBe('3 played\n');
  expect(exit).toBe(0);
  expect(recording('out/a/forward-udp.recording.json').name).toBe('forward-udp');
  expect(recording('out/arp.recording.json').steps[0]?.out).toHaveLength(1);
  expect(recording('out/no-route.recording.json').kernel).toBe('6.18.44');
});

test('the clock starts when it is told to', async () => {
  const exit = await run(
    'play',
    join(SCENARIOS, 'path/arp.json'),
    '-t',
    '1000.5',
    '-o',
    join(directory, 'time'),
  );
  expect(exit).toBe(0);
  expect(recording('time/arp.recording.json').time).toBe(1000.5);
});

test('what cannot be played is named and counted, the rest is played', async () => {
  const scenario = JSON.parse(readFileSync(join(SCENARIOS, 'path/arp.json'), 'utf8')) as Record<
    string,
    object
  >;
  const folder = join(directory, 'mixed');
  mkdirSync(folder);
  const write = (name: string, change: object) =>
    writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...scenario, name, ...change }));
  write('good', {});
  write('later', { steps: [{ run: 'nfacct monitor' }] });
  write('unset', { steps: [{ run: 'ip netns list' }] });
  write('refuses', { host: { ...scenario.host, iptables: '*filter\n-A INPUT -j nowhere\nCOMMIT\n' } });
  write('quote', { steps: [{ run: "iptables 'a" }] });
  writeFileSync(join(folder, 'syntax.json'), '{\n "name": }');
  writeFileSync(join(folder, 'field.json'), '{"name": "field",\n "steps": [], "host": {"route": []}}');
  const exit = await run('play', folder, '-o', join(directory, 'mixed-out'));
  expect(exit).toBe(1);
  const lines = errors.replaceAll(`${folder}/`, '').trimEnd().split('\n');
  expect(lines).toEqual([
    expect.stringMatching(/^field.json:2:24: host\.route: a host has no such field; is it 'routes'\?/),
    'later: not supported yet: command nfacct monitor',
    "quote.json: steps[0].run: a quote (') is not closed",
    expect.stringMatching(
      /^refuses.json: iptables failed with 2: iptables-restore v1.8.9 \(legacy\): Couldn't load/,
    ),
    "syntax.json:2:10: not JSON: expected a value, found '}'",
    'unset: not supported yet: command ip netns',
    '1 played, 2 refused (command ip netns: 1, command nfacct monitor: 1), 4 broken',
  ]);
  expect(() => recording('mixed-out/later.recording.json')).toThrow('ENOENT');
  expect(recording('mixed-out/refuses.recording.json')).toHaveProperty('load.what', 'iptables');
});

test.each<[string[], number, RegExp]>([
  [['play', '-o', 'y'], 2, /missing required argument 'scenario'/],
  [['play', 'x'], 2, /required option '-o, --output <folder>' not specified/],
  [['play', 'x', '-o', 'y', '-t', 'noon'], 2, /--time noon: must be seconds since 1970/],
  [['play', '/nowhere', '-o', 'y'], 1, /^fivehooks: \/nowhere: cannot be read: no such file or folder\n$/],
  [['plya'], 2, /unknown command 'plya'/],
  [['--nosuch'], 2, /unknown option '--nosuch'/],
])('%j', async (argv, exit, message) => {
  expect(await run(...argv)).toBe(exit);
  expect(errors).toMatch(message);
});

test('version and help', async () => {
  expect(await run('--version')).toBe(0);
  expect(output).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([[['--help']], [['help']], [['play', '--help']], [['help', 'play']], [['shell', '--help']]])(
  'help: %j',
  async (argv) => {
    expect(await run(...argv)).toBe(0);
    expect(output).toMatch(/Exit status: /);
  },
);
