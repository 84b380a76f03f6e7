import { runCommand } from '../../commands/index.ts';
import { splitWords, WordsProblem } from '../../commands/words.ts';
import { macsFor } from '../../formats/arrival.ts';
import type { FieldPath } from '../../formats/fields.ts';
import type { HostTemplate } from '../../formats/host-template.ts';
import { PacketLanguageError, parsePacket } from '../../formats/packet-language/index.ts';
import type { Host } from '../../host/host.ts';
import { Conversation, ConversationProblem, type Side } from './conversation.ts';
import type { Coverage } from './coverage.ts';
import { type EndPattern, fitsEnd, printEnd, type SeenEnd } from './ends.ts';
import { explain } from './explain.ts';
import { type Filling, fill, fillings, HoleProblem, mix } from './holes.ts';
import { type Difference, judge, judgeCounters, lastForm, verdictOf } from './judge.ts';
import { DEFAULT_TIME, type TestCase, type TestStep } from './model.ts';
import { viewOf } from './packet-view.ts';
import { type StepOutcome, StepWatch } from './step-watch.ts';

/** A frame of a capture, as a step gives it to a device. */
export interface CapturedFrame {
  readonly frame: Uint8Array;
  /** Seconds since the capture's first. */
  readonly time: number;
}

export interface RunOptions {
  /** Seconds since 1970 at the beginning, if neither the case nor its file says it. */
  readonly time?: number;
  /** Frames of a capture that a step names. */
  readonly capture?: (file: string) => readonly CapturedFrame[];
  /** Counts the rules that the packets come to; each then tells why it did not match, which takes longer. */
  readonly coverage?: Coverage;
}

/** What was not as expected in one try of a case. */
export interface Failure {
  /** Where the expectation, or the step, stands in its file. */
  readonly path: FieldPath;
  /** The packet as it was sent, or what the step does. */
  readonly what: string;
  /** Values of the holes. */
  readonly filling: Filling;
  readonly differences: readonly Difference[];
  /** The journey of the packet, and why an expected rule did not match; lines of text. */
  readonly explanation: readonly string[];
}

export interface CaseResult {
  readonly name: string;
  readonly path: FieldPath;
  /** How many packets and conversations were tried. */
  readonly tries: number;
  readonly failures: readonly Failure[];
  /** The case itself cannot be tried: what is wrong, and where. */
  readonly problem?: { readonly path: FieldPath; readonly text: string };
}

/** Most failures of a case that are told. */
const MOST_FAILURES = 5;

/** Something in a case that cannot be done on its host. */
class StepProblem extends Error {
  readonly path: FieldPath;

  constructor(path: FieldPath, problem: string) {
    super(problem);
    this.path = path;
  }
}

/** Tries a case: every combination of its holes, each on a fresh host. */
export function runCase(test: TestCase, template: HostTemplate, options: RunOptions = {}): CaseResult {
  const { name, path } = test;
  const failures: Failure[] = [];
  let tries = 0;
  try {
    const texts = test.steps.flatMap((step) => textsOf(step));
    const all = fillings(texts, seedOf(name), (set) => elementsOf(template.model, set));
    for (const filling of all) {
      const spread = new Spread();
      for (let time = 0; time < test.times; time++) {
        tries++;
        const attempt = new Attempt(test, template, filling, time, options, false, spread);
        const failed = attempt.run();
        if (failed === undefined) continue;
        // Once more, now with every rule that did not match, for the explanation.
        const told = new Attempt(test, template, filling, time, options, true, new Spread()).run();
        failures.push(told ?? failed);
        if (failures.length >= MOST_FAILURES) return { name, path, tries, failures };
      }
      failures.push(...spread.failures(filling));
    }
  } catch (error) {
    const problem = problemOf(error, path);
    return { name, path, tries, failures, problem };
  }
  return { name, path, tries, failures };
}

function problemOf(error: unknown, path: FieldPath): { path: FieldPath; text: string } {
  if (error instanceof StepProblem) return { path: error.path, text: error.message };
  if (error instanceof HoleProblem) return { path, text: error.message };
  throw error;
}

/** The destinations that the tries of a step reached. */
class Spread {
  readonly #seen = new Map<TestStep, Map<string, SeenEnd>>();

  reached(step: TestStep, end: SeenEnd): void {
    const ends = this.#seen.get(step) ?? new Map<string, SeenEnd>();
    ends.set(printEnd(end), end);
    this.#seen.set(step, ends);
  }

  failures(filling: Filling): Failure[] {
    return [...this.#seen].flatMap(([step, seen]) => {
      const wanted = step.expect?.spread ?? [];
      const got = [...seen.values()];
      const missing = wanted.filter((pattern) => !got.some((end) => fitsEnd(pattern, end)));
      if (missing.length === 0) return [];
      const expected = `each of ${wanted.map(({ text }) => text).join(', ')}`;
      const difference = { field: 'spread', expected, got: `only ${[...seen.keys()].join(', ') || 'none'}` };
      return [
        {
          path: step.expect?.path ?? step.path,
          what: 'over all tries',
          filling,
          differences: [difference],
          explanation: [
            `never reached: ${missing.map(({ text }) => text).join(', ')}; a larger 'times' tries more often`,
          ],
        },
      ];
    });
  }
}

/** One try of a case with its holes filled. */
class Attempt {
  readonly #test: TestCase;
  readonly #filling: Filling;
  readonly #options: RunOptions;
  readonly #spread: Spread;
  readonly #host: Host;
  readonly #watch: StepWatch;
  readonly #explained: boolean;
  readonly #conversation = new Conversation();
  #family: 4 | 6 | undefined;

  constructor(
    test: TestCase,
    template: HostTemplate,
    filling: Filling,
    number: number,
    options: RunOptions,
    explained: boolean,
    spread: Spread,
  ) {
    this.#test = test;
    this.#filling = filling;
    this.#options = options;
    this.#spread = spread;
    this.#explained = explained;
    const time = test.time ?? options.time ?? DEFAULT_TIME;
    this.#host = template.make({ epoch: Math.round(time * 1e6), seed: mix(1, number) });
    for (const [index, line] of test.setup.entries()) this.#command(line, [...test.path, 'setup', index]);
    this.#watch = new StepWatch(this.#host, explained, explained ? undefined : options.coverage);
  }

  /** The first step that is not as expected. */
  run(): Failure | undefined {
    for (const step of this.#test.steps) {
      const failed = this.#step(step);
      if (failed) return failed;
    }
    return undefined;
  }

  #step(step: TestStep): Failure | undefined {
    switch (step.kind) {
      case 'wait':
      case 'run': {
        const log = this.#watch.pass(() => {
          if (step.kind === 'wait') this.#host.advance(step.seconds);
          else this.#command(step.line, [...step.path, 'run']);
        });
        return this.#judgeQuiet(step, log);
      }
      case 'capture':
        return this.#capture(step, step.file, step.device);
      case 'packet':
        return this.#written(step, step.text, this.#arriving(step, step.device));
      case 'send':
        return this.#written(step, step.text, { kind: 'local' }, step);
      case 'handshake':
        return this.#handshake(step, step.text, this.#arriving(step, step.device));
      case 'reply':
      case 'again':
      case 'error':
        return this.#spoken(step);
    }
  }

  #arriving(step: TestStep, device: string | undefined): Side {
    const names = this.#host.interfaces
      .list()
      .filter(({ loopback }) => !loopback)
      .map(({ name }) => name);
    if (device === undefined) {
      if (names.length === 1) return { kind: 'device', device: names[0]! };
      throw new StepProblem(step.path, `where does it arrive? 'in: DEVICE'; there are ${names.join(', ')}`);
    }
    const name = fill(device, this.#filling);
    if (this.#host.interfaces.get(name) === undefined) {
      throw new StepProblem(
        [...step.path, 'in'],
        `the host has no device '${name}'; it has ${names.join(', ')}`,
      );
    }
    return { kind: 'device', device: name };
  }

  /** A packet that the case wrote itself. */
  #written(
    step: TestStep,
    text: string,
    from: Side,
    sender: { readonly uid?: number; readonly gid?: number; readonly mark?: number } = {},
  ): Failure | undefined {
    const line = fill(text, this.#filling);
    const outcome = this.#give(step, line, from, sender, true);
    return this.#judge(step, line, outcome);
  }

  #spoken(step: TestStep & { readonly kind: 'reply' | 'again' | 'error' }): Failure | undefined {
    const words = fill(step.words, this.#filling);
    const by = step.kind === 'error' && step.from !== undefined ? fill(step.from, this.#filling) : undefined;
    const { from, text } = this.#speak(step, () =>
      step.kind === 'reply'
        ? this.#conversation.reply(words)
        : step.kind === 'again'
          ? this.#conversation.again(words)
          : this.#conversation.error(words, by),
    );
    return this.#judge(step, text, this.#give(step, text, from, {}, false));
  }

  /** SYN, SYN and ACK, ACK. What is expected is expected of the first; if that got through, the others have to. */
  #handshake(step: TestStep, text: string, from: Side): Failure | undefined {
    const line = fill(text, this.#filling);
    const first = this.#give(step, line, from, {}, true);
    const failed = this.#judge(step, line, first);
    if (failed || lastForm(first) === undefined) return failed;
    for (const what of ['the answer to the handshake', "the handshake's last segment"]) {
      const { from: side, text: next } = this.#speak(step, () => this.#conversation.reply(''));
      const outcome = this.#give(step, next, side, {}, false);
      if (lastForm(outcome) !== undefined) continue;
      const difference = { field: 'handshake', expected: `${what} gets through`, got: verdictOf(outcome) };
      return this.#failure(step, next, [difference], outcome);
    }
    return undefined;
  }

  #speak(step: TestStep, say: () => { from: Side; text: string }): { from: Side; text: string } {
    try {
      return say();
    } catch (error) {
      if (error instanceof ConversationProblem) throw new StepProblem(step.path, error.message);
      throw error;
    }
  }

  /** Gives the host a packet, and tells the conversation what came of it. */
  #give(
    step: TestStep,
    line: string,
    from: Side,
    sender: { readonly uid?: number; readonly gid?: number; readonly mark?: number },
    begins: boolean,
  ): StepOutcome {
    const host = this.#host;
    const parsed = this.#parsed(step, line);
    const { packet } = parsed;
    if (packet) {
      this.#family = packet[0]! >> 4 === 6 ? 6 : 4;
      if (begins) this.#conversation.begin(from, packet);
      else this.#conversation.said(packet);
    } else if (from.kind === 'local') {
      throw new StepProblem([...step.path, step.kind], 'a local process sends IP packets, not frames');
    }
    const outcome = this.#watch.carry(() => {
      if (from.kind === 'local') {
        const { uid = 0, gid = 0, mark = 0 } = sender;
        return host.send(packet!, { uid, gid, mark });
      }
      host.receive(from.device, parsed.frame(macsFor(host, from.device, packet)));
      return undefined;
    });
    const [left] = outcome.left;
    if (outcome.delivered) this.#conversation.arrived({ kind: 'local' }, outcome.delivered);
    else if (left)
      this.#conversation.arrived({ kind: 'device', device: left.device }, left.frame.subarray(14));
    else this.#conversation.lost();
    return outcome;
  }

  #parsed(step: TestStep, line: string): ReturnType<typeof parsePacket> {
    try {
      return parsePacket(line);
    } catch (error) {
      if (!(error instanceof PacketLanguageError)) throw error;
      const shown = this.#filling.size > 0 ? ` (of '${line}')` : '';
      throw new StepProblem([...step.path, step.kind], `${error.message}${shown}`);
    }
  }

  /** Every frame of a capture; what is expected is expected of each. */
  #capture(step: TestStep, file: string, device: string | undefined): Failure | undefined {
    const from = this.#arriving(step, device);
    const frames = this.#options.capture?.(file) ?? [];
    const begin = this.#host.timers.now / 1e6;
    for (const [index, { frame, time }] of frames.entries()) {
      const wait = begin + time - this.#host.timers.now / 1e6;
      if (wait > 0) this.#watch.pass(() => this.#host.advance(wait));
      const outcome = this.#watch.carry(() => {
        this.#host.receive(from.kind === 'device' ? from.device : '', frame);
        return undefined;
      });
      const failed = this.#judge(step, `packet ${index + 1} of ${file}`, outcome);
      if (failed) return failed;
    }
    return undefined;
  }

  #judge(step: TestStep, what: string, outcome: StepOutcome): Failure | undefined {
    const { expect } = step;
    if (!expect) return undefined;
    const differences = judge(expect, outcome, this.#host);
    if (step.kind !== 'capture') differences.push(...judgeCounters(expect, this.#host, this.#family));
    if (expect.spread) {
      const strange = this.#spreadProblem(step, expect.spread, outcome);
      if (strange) differences.push(strange);
    }
    return differences.length > 0 ? this.#failure(step, what, differences, outcome) : undefined;
  }

  #spreadProblem(
    step: TestStep,
    patterns: readonly EndPattern[],
    outcome: StepOutcome,
  ): Difference | undefined {
    const bytes = lastForm(outcome);
    const end = bytes && viewOf(bytes)?.destination;
    const expected = patterns.map(({ text }) => text).join(' or ');
    if (!end) return { field: 'spread', expected, got: `it reached nothing (${verdictOf(outcome)})` };
    this.#spread.reached(step, end);
    return patterns.some((pattern) => fitsEnd(pattern, end))
      ? undefined
      : { field: 'spread', expected, got: printEnd(end) };
  }

  #judgeQuiet(step: TestStep, log: readonly string[]): Failure | undefined {
    const { expect } = step;
    if (!expect) return undefined;
    const differences = judgeCounters(expect, this.#host, this.#family);
    for (const pattern of expect.log ?? []) {
      if (
        log.some((line) => (pattern.expression ? pattern.expression.test(line) : line.includes(pattern.text)))
      )
        continue;
      differences.push({ field: 'log', expected: pattern.text, got: log.join('; ') || 'none' });
    }
    if (expect.log?.length === 0 && log.length > 0) {
      differences.push({ field: 'log', expected: 'none', got: log.join('; ') });
    }
    const what = step.kind === 'run' ? step.line : step.kind;
    return differences.length > 0 ? this.#failure(step, what, differences, undefined) : undefined;
  }

  #failure(
    step: TestStep,
    what: string,
    differences: readonly Difference[],
    outcome: StepOutcome | undefined,
  ): Failure {
    return {
      path: step.expect?.path ?? step.path,
      what,
      filling: this.#filling,
      differences,
      explanation: this.#explained && outcome ? explain(step.expect, outcome, this.#host) : [],
    };
  }

  #command(line: string, path: FieldPath): void {
    try {
      const { exit, stderr } = runCommand(this.#host, splitWords(fill(line, this.#filling)));
      if (exit !== 0) throw new StepProblem(path, `'${line}' fails: ${stderr.trim().replace(/\n/g, ' ')}`);
    } catch (error) {
      if (error instanceof WordsProblem) throw new StepProblem(path, error.message);
      throw error;
    }
  }
}

/** The texts of a step that may have holes. */
function textsOf(step: TestStep): string[] {
  switch (step.kind) {
    case 'packet':
    case 'handshake':
      return [step.text, step.device ?? ''];
    case 'send':
      return [step.text];
    case 'reply':
    case 'again':
      return [step.words];
    case 'error':
      return [step.words, step.from ?? ''];
    case 'run':
      return [step.line];
    default:
      return [];
  }
}

/** The elements of a set, without their options; of several dimensions the first. */
function elementsOf(host: Host, set: string): readonly string[] | undefined {
  const { exit, stdout } = runCommand(host, ['ipset', 'save', set]);
  if (exit !== 0) return undefined;
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('add ') && !/ nomatch\b/.test(line))
    .map((line) => line.split(' ')[2]!.split(',')[0]!.replace(/^\w+:/, ''));
}

function seedOf(text: string): number {
  let seed = 0;
  for (let at = 0; at < text.length; at++) seed = mix(seed, text.charCodeAt(at));
  return seed;
}
