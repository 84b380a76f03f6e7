import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Recording } from '../formats/recording.ts';
import { readScenario } from '../formats/scenario.ts';
import { compareRecordings } from '../testing/compare.ts';
import { playScenario } from '../testing/player.ts';

/** Packets that are compared: 1,000 in the long run. */
const PACKETS = process.env.FIVEHOOKS_LONG === undefined ? 100 : 1000;
const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'fivehooks-snapshot-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sets the hosts of scenarios up as the recorder does, each in a namespace, and calls the program inside. */
const IN_NAMESPACE = `
import json, os, subprocess, sys
sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import kernelhost
tools = kernelhost.make_tools_directory()
for name in sys.argv[4:]:
    if os.fork() == 0:
        kernelhost.enter_new_network_namespace()
        host = kernelhost.Host(json.load(open(f"{sys.argv[2]}/{name}.json"))["host"], tools)
        host.load_rules()
        host.open_sockets()
        os._exit(subprocess.run(["node", "--import", "tsx", sys.argv[3], "snapshot", "--json", "-o", f"{sys.argv[2]}/{name}.snapshot"]).returncode)
    if os.wait()[1]: sys.exit(name)
`;

function python(args: readonly string[]): string {
  const done = spawnSync('python3', args, { encoding: 'utf8', cwd: root, maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`${args[0]}: exit ${done.status}: ${done.stderr}`);
  return done.stderr;
}

const can = process.getuid?.() === 0 && spawnSync('unshare', ['-n', 'iptables-legacy-save']).status === 0;
if (!can) console.log('Namespaces with iptables-legacy cannot be made here: snapshots are not tested.');

describe.skipIf(!can)('the host of a snapshot answers as the kernel it was taken from', () => {
  test.each(['path', 'rules'])(`at least ${PACKETS} random packets: %s`, (kind) => {
    const made = join(folder, kind);
    const chosen = join(folder, `${kind}-chosen`);
    python(['conformance/generate', String(PACKETS), '-o', made, '--seed', '7', '--kind', kind]);
    mkdirSync(chosen);
    const files = spawnSync('find', [made, '-name', '*.json'], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .sort();
    const names: string[] = [];
    let packets = 0;
    for (const file of files) {
      if (packets >= PACKETS) break;
      const scenario = JSON.parse(readFileSync(file, 'utf8')) as { name: string; steps: object[] };
      packets += scenario.steps.filter((step) => 'frame' in step || 'send' in step).length;
      names.push(scenario.name);
      writeFileSync(join(chosen, `${scenario.name}.json`), JSON.stringify(scenario));
    }
    expect(packets).toBeGreaterThanOrEqual(PACKETS);
    python(['-c', IN_NAMESPACE, join(root, 'conformance'), chosen, join(root, 'src/node/cli.ts'), ...names]);
    const recordings = join(folder, `${kind}-recordings`);
    python(['conformance/record', chosen, '-o', recordings]);
    const different: string[] = [];
    for (const name of names) {
      const scenario = JSON.parse(readFileSync(join(chosen, `${name}.json`), 'utf8')) as object;
      const expected = JSON.parse(
        readFileSync(join(recordings, `${name}.recording.json`), 'utf8'),
      ) as Recording;
      const host: unknown = JSON.parse(readFileSync(join(chosen, `${name}.snapshot`), 'utf8'));
      // Sockets are not taken; those of the scenario stand in.
      const { sockets } = (scenario as { host: { sockets?: unknown } }).host;
      const from = readScenario({
        ...scenario,
        host: { ...(host as object), ...(sockets ? { sockets } : {}) },
      });
      const played = playScenario(from, 'time' in expected ? { time: expected.time } : {});
      if (played.kind === 'played') different.push(...compareRecordings(name, expected, played.recording));
      else different.push(`${name}: ${JSON.stringify(played)}`);
    }
    console.log(`${kind}: ${packets} packets, ${names.length} hosts`);
    expect(different).toEqual([]);
  });
});
