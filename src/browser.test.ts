import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import type { Recording } from './formats/recording.ts';
import { compareRecordings } from './testing/compare.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** The engine as a browser gets it: one script, nothing of Node, no package. */
async function bundle(): Promise<string> {
  const built = await build({
    entryPoints: [join(ROOT, 'src/index.ts')],
    bundle: true,
    platform: 'browser',
    target: 'es2023',
    format: 'iife',
    globalName: 'fivehooks',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const outside = Object.keys(built.metafile.inputs).filter((input) => !/(^|\/)src\//.test(input));
  expect(outside).toEqual([]);
  return built.outputFiles[0]!.text;
}

test('the engine runs in a browser and plays a scenario as the kernel did', async () => {
  const name = 'path/forward-udp';
  const scenario = readFileSync(join(ROOT, `conformance/scenarios/${name}.json`), 'utf8');
  const recording = readFileSync(join(ROOT, `conformance/recordings/${name}.recording.json`), 'utf8');
  // An empty world: the language's own objects, no process, Buffer, require, timers, clock from outside or crypto.
  const context = createContext({ scenario });
  runInContext(await bundle(), context);
  const played = runInContext(
    'JSON.stringify(fivehooks.playScenario(fivehooks.readScenario(JSON.parse(scenario))))',
    context,
  ) as string;
  const { kind, recording: got } = JSON.parse(played) as { kind: string; recording: Recording };
  expect(kind).toBe('played');
  expect(compareRecordings(name, JSON.parse(recording) as Recording, got)).toEqual([]);
});

test('the engine asks neither the clock nor chance', async () => {
  const text = await bundle();
  expect(text).not.toMatch(/\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\b|\bsetTimeout\b/);
});
