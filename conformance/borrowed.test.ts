/** A host that borrows the tables of another one does what the real kernel did, too. */
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import type { Recording } from '../src/formats/recording.ts';
import { readScenario } from '../src/formats/scenario.ts';
import { differences, jsonFiles, playAs, readJson } from './folder.ts';

const root = import.meta.dirname;

test('every scenario, on a host with borrowed tables', () => {
  const scenarios = join(root, 'scenarios');
  const wrong = jsonFiles(scenarios).flatMap((file) => {
    const name = relative(scenarios, file).replace(/\.json$/, '');
    const scenario = readScenario(readJson(file));
    const expected = readJson(join(root, 'recordings', `${name}.recording.json`)) as Recording;
    const played = playAs(scenario, expected, true);
    return [...differences({ name, expected, played })];
  });
  expect(wrong).toEqual([]);
});
