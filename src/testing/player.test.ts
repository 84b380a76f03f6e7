import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FieldProblem } from '../formats/fields.ts';
import { readScenario } from '../formats/scenario.ts';
import { playScenario } from './player.ts';

const SCENARIOS = resolve(import.meta.dirname, '../../conformance/scenarios');
const RUNS = process.env.FIVEHOOKS_LONG ? 20_000 : 300;

const texts = ['path', 'tables', 'runtime', 'ipv6'].flatMap((area) =>
  readdirSync(join(SCENARIOS, area)).map((file) => readFileSync(join(SCENARIOS, area, file), 'utf8')),
);

const CHANGES = [null, '', 'x', -1, 1e99, 0.5, [], {}, true, '-6 default', '0x', '*filter\n', '::/0', 'ff'];

/** Replaces the n-th value of a document, counting through it. */
function changed(value: unknown, at: { left: number }, change: unknown): unknown {
  if (at.left-- === 0) return change;
  if (Array.isArray(value)) return value.map((item) => changed(item, at, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(item, at, change)]));
}

/** A part of a text taken out, doubled or replaced. */
function mangled(text: string, from: number, length: number, filling: string): string {
  const at = Math.floor(from * text.length);
  return text.slice(0, at) + filling + text.slice(at + length);
}

test('whatever a scenario holds, it is played, refused or said to be wrong', () => {
  const anyScenario = fc.tuple(fc.constantFrom(...texts), fc.nat(120), fc.constantFrom(...CHANGES));
  fc.assert(
    fc.property(anyScenario, ([text, left, change]) => {
      const value = changed(JSON.parse(text), { left }, change);
      try {
        expect(['played', 'refused', 'broken']).toContain(playScenario(readScenario(value)).kind);
      } catch (error) {
        if (!(error instanceof FieldProblem)) throw error;
      }
    }),
    { numRuns: RUNS },
  );
});

test('whatever its rules and frames hold', () => {
  const anyChange = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(12),
    fc.constantFrom('', '!', '--', ' -j ', '\n', '"', '0', 'ff'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...texts), anyChange, (text, [from, length, filling]) => {
      const scenario = readScenario(JSON.parse(text));
      const host = { ...scenario.host, iptables: mangled(scenario.host.iptables, from, length, filling) };
      const steps = scenario.steps.map((step) => {
        if (step.kind !== 'in') return step;
        const frame = step.frame.slice();
        frame[Math.floor(from * frame.length)] = length * 17;
        return { ...step, frame: frame.slice(0, frame.length - (length % 3)) };
      });
      expect(['played', 'refused', 'broken']).toContain(playScenario({ ...scenario, host, steps }).kind);
    }),
    { numRuns: RUNS },
  );
});

test('the same scenario is played the same twice', () => {
  for (const text of texts.slice(0, 40)) {
    const scenario = readScenario(JSON.parse(text));
    expect(playScenario(scenario)).toEqual(playScenario(scenario));
  }
});
