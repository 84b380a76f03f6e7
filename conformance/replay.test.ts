/** What replay does with the frames of a scenario, given as a capture, is what play does with the scenario. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildHost } from '../src/formats/build-host.ts';
import { CaptureReader } from '../src/formats/capture.ts';
import type { CaptureRecord } from '../src/formats/capture-record.ts';
import { toHex } from '../src/formats/hex.ts';
import { pcapngHeader, pcapngRecord } from '../src/formats/pcapng-write.ts';
import type { RecordedFrame } from '../src/formats/recording.ts';
import { readScenario, type Scenario } from '../src/formats/scenario.ts';
import type { Host } from '../src/host/host.ts';
import { EndCounts, reasonOf } from '../src/journey/summary.ts';
import { Replay, type ReplayOptions, Retelling } from '../src/replay/replay.ts';
import { isListenerReport } from '../src/testing/noise.ts';
import { playScenario } from '../src/testing/player.ts';
import { jsonFiles, readJson, sharedFolder } from './folder.ts';

const START = 1_795_392_000;

/** The frames of a scenario as a capture of one machine, named or known by hardware addresses only. */
function captureOf(scenario: Scenario, named: boolean): CaptureRecord[] {
  const devices = scenario.host.interfaces.map(({ name }) => name);
  const reader = new CaptureReader((record) => records.push(record));
  const records: CaptureRecord[] = [];
  reader.read(pcapngHeader(named ? devices.map((name) => ({ name })) : [{ name: 'any' }]));
  let time = START;
  for (const step of scenario.steps) {
    if (step.kind === 'wait') time += step.seconds;
    if (step.kind !== 'in') continue;
    const seconds = Math.floor(time);
    const nanoseconds = Math.round((time - seconds) * 1e6) * 1e3;
    const index = named ? devices.indexOf(step.device) : 0;
    reader.read(pcapngRecord({ interface: index, seconds, nanoseconds, bytes: step.frame }));
  }
  reader.finish();
  return records;
}

function options(neighbours: boolean): ReplayOptions {
  const arrival = { by: 'auto', names: new Map(), readdress: false, processes: false } as const;
  return { arrival, neighbours, journeys: () => true, most: Number.POSITIVE_INFINITY };
}

const hostOf = (scenario: Scenario): Host => buildHost(scenario.host, { epoch: START * 1e6 }, ['host']);

function replayed(
  scenario: Scenario,
  records: readonly CaptureRecord[],
  neighbours: boolean,
): RecordedFrame[] {
  const out: RecordedFrame[] = [];
  const replay = new Replay(hostOf(scenario), START * 1e6, options(neighbours), {
    left(dev, frame) {
      if (dev !== 'lo' && !isListenerReport(frame)) out.push({ dev, frame: toHex(frame) });
    },
  });
  for (const record of records) replay.carry({ record, capture: 0, device: undefined });
  replay.finish();
  return out;
}

/** A scenario that only brings frames, and the frames that left when it was played; undefined if it cannot be played. */
function played(scenario: Scenario): { scenario: Scenario; out: readonly RecordedFrame[] } | undefined {
  const outcome = playScenario(scenario, { time: START });
  if (outcome.kind !== 'played' || !('steps' in outcome.recording)) return undefined;
  return { scenario, out: outcome.recording.steps.flatMap(({ out }) => out) };
}

function carriesOnly(scenario: Scenario): boolean {
  const { steps } = scenario;
  return steps.every(({ kind }) => kind === 'in' || kind === 'wait') && steps.at(-1)?.kind === 'in';
}

const roots = [import.meta.dirname, sharedFolder()].filter((root) => root !== undefined);
const scenarios = roots
  .flatMap((root) => jsonFiles(join(root, 'scenarios')))
  .map((file) => readScenario(readJson(file)))
  .filter(carriesOnly)
  .flatMap((scenario) => played(scenario) ?? []);

/** Names of the scenarios that replay does otherwise. */
function different(of: typeof scenarios, named: boolean, neighbours: boolean): string[] {
  return of
    .filter(({ scenario, out }) => {
      const frames = replayed(scenario, captureOf(scenario, named), neighbours);
      return JSON.stringify(frames) !== JSON.stringify(out);
    })
    .map(({ scenario }) => scenario.name);
}

test('frames of every scenario that only brings frames, as a capture with interface names', () => {
  expect(different(scenarios, true, false)).toEqual([]);
  expect(scenarios.length).toBeGreaterThan(20);
});

test('the same known by hardware addresses only, where the host asks for no neighbour', () => {
  const fitting = scenarios.filter(
    ({ scenario, out }) => isToDevices(scenario) && !out.some(({ frame }) => asksForNeighbour(frame)),
  );
  expect(different(fitting, false, true)).toEqual([]);
  expect(fitting.length).toBeGreaterThan(10);
});

test('what is said of packets is what their journeys say', () => {
  let compared = 0;
  for (const { scenario } of scenarios) {
    const records = captureOf(scenario, true);
    const replay = new Replay(hostOf(scenario), START * 1e6, options(false));
    for (const record of records) replay.carry({ record, capture: 0, device: undefined });
    const retelling = new Retelling(hostOf(scenario), START * 1e6, options(false), replay.wanted);
    const told = new EndCounts();
    for (const record of records) {
      const end = retelling.carry({ record, capture: 0, device: undefined })?.[0]?.end;
      if (end) told.count(end.kind, reasonOf(end), 1);
    }
    const said = replay.summary.ends.data();
    // What waited is told by another journey, in which it goes on.
    if (replay.wanted.length < said.packets) continue;
    expect.soft(said.reasons, scenario.name).toEqual(told.data().reasons);
    compared++;
  }
  expect(compared).toBeGreaterThan(0.9 * scenarios.length);
});

/** Each frame comes to the hardware address of its device. */
function isToDevices({ host, steps }: Scenario): boolean {
  const macs = new Map(host.interfaces.map(({ name, mac }) => [mac.replaceAll(':', ''), name]));
  return steps.every(
    (step) => step.kind !== 'in' || macs.get(toHex(step.frame.subarray(0, 6))) === step.device,
  );
}

/** An ARP request or a neighbour solicitation. */
function asksForNeighbour(frame: string): boolean {
  return /^.{24}0806/.test(frame) || /^.{24}86dd.{12}3a.{66}87/.test(frame);
}
