import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';

import type { Command } from 'commander';
import { buildHost } from '../formats/build-host.ts';
import type { Host } from '../host/host.ts';
import { journeyText, type Line } from '../journey/text.ts';
import { ARRIVAL_WAYS, Arrivals, type ArrivalWay } from '../replay/arrival.ts';
import { microseconds } from '../replay/drive.ts';
import { type Filter, FilterProblem, filterWords, readFilter } from '../replay/filter.ts';
import { mergeByTime } from '../replay/merge.ts';
import { type Captured, Replay, type ReplayOptions, Retelling } from '../replay/replay.ts';
import { CaptureStream } from './capture-stream.ts';
import { building, type DescribedHost, describeHost } from './host-file.ts';
import { type Ordered, orderedArguments, wordsOf } from './ordered-arguments.ts';
import { outputWidth, paint, readColorChoice, wantsColor } from './paint.ts';
import { UserProblem } from './problem.ts';
import { Progress } from './progress.ts';
import { CaptureFiles } from './replay-files.ts';

const HELP = `
Captures are pcap or pcapng, also gzip; Ethernet, raw IP, Linux cooked or BSD loopback; - is standard input. Several are
carried as one, in the order of their times. The host's clock is the captures', so that timeouts pass as they did.

By which device a frame comes in is found out by (--by auto, the default: the first of these that knows)
  interface  the name of its interface in the capture, or what --map says of that name
  mac        the device that has the frame's destination hardware address
  address    the side that its source address is on: the device of the route back to it
--in DEV before a capture says that all its frames come in by DEV.

Frames that the host itself sent (by the capture's direction mark, or the source hardware address) are not carried again if
they were forwarded. Those whose source address is the host's own are sent by a local process (--own send), and the host
then gives no answers of its own; with --own skip they are left out, and it does. If neither is said: send if there is such
a frame among the first of the captures.

FILTER is words that all must hold, 'not' before a word turns it round:
  ${filterWords().replace(/(.{60,100}?), /g, '$1,\n  ')}
  as in --journeys 'dropped in wan0 tcp not port 22', 'rule "FORWARD 3"', all, none

Exit status: 0 if every capture was read to its end, 1 if one is damaged or cannot be read or written, 2 if the command line
is wrong.`;

/** Frames among which one of the host's own is looked for. */
const LOOKED_AT = 20_000;

interface Options {
  readonly host: string;
  readonly by: ArrivalWay;
  readonly map: ReadonlyMap<string, string>;
  readonly readdress?: true;
  readonly own?: 'send' | 'skip';
  readonly neighbours: 'answer' | 'known';
  readonly write?: string;
  readonly dropped?: string;
  readonly journeys?: Filter;
  readonly most: number;
  readonly lines: number;
  readonly summary?: true;
  readonly verbose?: true;
  readonly json?: true;
  readonly progress?: boolean;
  readonly color: ReturnType<typeof readColorChoice>;
}

export function define(command: Command): void {
  command
    .usage('--host HOST [--in DEV] CAPTURE...')
    .argument('<capture...>', 'captures')
    .requiredOption('--host <file>', 'the host: a HOST file or folder')
    .option('--in <device>', 'the captures behind it come in by this device')
    .option('--by <way>', `how the device is found: auto, ${ARRIVAL_WAYS.join(', ')}`, readWay, 'auto')
    .option(
      '--map <name=device>',
      'what has this interface in the capture comes in by this device; may be given more than once',
      readMapping,
      new Map<string, string>(),
    )
    .option('--readdress', 'frames for other hardware addresses are for the device all the same')
    .option('--own <what>', 'frames that the host itself sent: send or skip', oneOf('own', ['send', 'skip']))
    .option(
      '--neighbours <which>',
      'answer: each neighbour that the host asks for is there; known: only those that it knows, or that answer in the capture',
      oneOf('neighbours', ['answer', 'known']),
      'answer',
    )
    .option('-w, --write <file>', 'write a capture (pcapng) of what left, the deciding rule as comment')
    .option('--dropped <file>', 'write a capture (pcapng) of what was dropped, and why as comment')
    .option(
      '--journeys <filter>',
      'tell the journeys of these packets (if left out: of the first of each kind)',
      readFilterOption,
    )
    .option('--most <number>', 'journeys, at most', wholeNumber('most'), 20)
    .option('--lines <number>', 'lines of each list of the summary, at most', wholeNumber('lines'), 15)
    .option('--summary', 'no journeys')
    .option('--verbose', 'in journeys every rule that was asked, every field that changed')
    .option('--json', 'a JSON object on each line: journeys, at last the summary')
    .option('--no-progress', 'no progress on a terminal')
    .option('--color <when>', 'auto, always or never; NO_COLOR is obeyed', readColorChoice, 'auto')
    .addHelpText('after', HELP)
    .action(async (_captures: string[], options: Options) => {
      await replay(orderedArguments(command, wordsOf(command)), options);
    });
}

/** Carries captures through a host and prints what became of them. */
export async function replay(words: readonly Ordered[], options: Options): Promise<void> {
  // V8 would let the heap grow to many times of what is alive in it before it looks for garbage.
  setFlagsFromString('--heap-growing-percent=40');
  const spool = new Spool();
  try {
    const sources = await readSources(words, spool);
    const described = await describeHost(options.host);
    for (const note of described.notes) process.stderr.write(`fivehooks: note: ${note}\n`);
    await new Run(sources, described, options).run();
  } finally {
    spool.remove();
  }
}

interface Source {
  readonly stream: CaptureStream;
  readonly device: string | undefined;
}

async function readSources(words: readonly Ordered[], spool: Spool): Promise<Source[]> {
  const sources: Source[] = [];
  let device: string | undefined;
  for (const word of words) {
    if (word.kind === 'option' && word.name === 'in') device = word.value;
    if (word.kind !== 'argument') continue;
    const file = word.value === '-' ? await spool.standardInput() : word.value;
    sources.push({ stream: new CaptureStream(file), device });
  }
  return sources;
}

class Run {
  readonly #sources: readonly Source[];
  readonly #described: DescribedHost;
  readonly #options: Options;

  constructor(sources: readonly Source[], described: DescribedHost, options: Options) {
    this.#sources = sources;
    this.#described = described;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { write, dropped, json, summary, lines } = this.#options;
    const start = await this.#firstTime();
    const host = this.#build(start);
    this.#checkDevices(host);
    const devices = host.interfaces.list().flatMap(({ name, loopback }) => (loopback ? [] : [name]));
    const options = await this.#replayOptions(host);
    const files = new CaptureFiles(write, dropped, devices);
    const run = new Replay(host, start, options, files);
    await this.#each('', (captured) => {
      run.carry(captured);
      return true;
    });
    run.finish();
    files.close();
    if (!summary) await this.#tellJourneys(run, start, options);
    if (json) {
      this.#print({ summary: { ...run.summary.data(), captures: this.#captures() } });
    } else {
      this.#paint(run.summary.text(lines));
    }
    this.#tellProblems();
  }

  /** Microseconds since 1970 of the earliest of the captures' first records. */
  async #firstTime(): Promise<number> {
    let first = Number.POSITIVE_INFINITY;
    for (const { stream } of this.#sources) {
      for await (const [record] of stream) {
        if (record) first = Math.min(first, microseconds(record));
        break;
      }
    }
    return Number.isFinite(first) ? first : 0;
  }

  #build(start: number): Host {
    const described = this.#described;
    return building(described, () => buildHost(described.description, { epoch: start }));
  }

  #checkDevices(host: Host): void {
    const named = [
      ...this.#sources.flatMap(({ device }) => (device === undefined ? [] : [['--in', device]])),
      ...[...this.#options.map].map(([name, device]) => [`--map ${name}=${device}`, device]),
    ] as [string, string][];
    for (const [option, device] of named) {
      if (host.interfaces.get(device)) continue;
      const names = host.interfaces.list().map(({ name }) => name);
      const text = option === '--in' ? `--in ${device}` : option;
      throw new UserProblem(`${text}: the host has no such device; it has ${names.join(', ')}`, 2);
    }
  }

  async #replayOptions(host: Host): Promise<ReplayOptions> {
    const { by, map, readdress, own, neighbours, journeys, most, summary } = this.#options;
    const arrival = { by, names: map, readdress: readdress === true, processes: own !== 'skip' };
    const processes = own === undefined ? await this.#holdsOwn(host, arrival) : own === 'send';
    return {
      arrival: { ...arrival, processes },
      neighbours: neighbours === 'answer',
      journeys,
      most: summary ? 0 : most,
    };
  }

  /** Is there, among the first frames of the captures, one that a process of the host sent? */
  async #holdsOwn(host: Host, arrival: ReplayOptions['arrival']): Promise<boolean> {
    const arrivals = new Arrivals(host, arrival);
    let looked = 0;
    for await (const batch of mergeByTime(this.#timed(), ({ record }) => record)) {
      for (const captured of batch) {
        const found = arrivals.of(captured.record, captured.device);
        if (found.kind === 'own' && found.packet) return true;
      }
      looked += batch.length;
      if (looked >= LOOKED_AT) break;
    }
    return false;
  }

  #timed(): AsyncIterable<readonly Captured[]>[] {
    return this.#sources.map(({ stream, device }, capture) => withSource(stream, capture, device));
  }

  /** Goes through all records in the order of time, until `carry` answers false. */
  async #each(what: string, carry: (captured: Captured) => boolean): Promise<void> {
    const streams = this.#sources.map(({ stream }) => stream);
    const progress = new Progress(this.#options.progress !== false, streams, what);
    for await (const batch of mergeByTime(this.#timed(), ({ record }) => record)) {
      for (const captured of batch) {
        if (!carry(captured)) {
          progress.end();
          return;
        }
      }
      progress.show();
    }
    progress.end();
  }

  async #tellJourneys(run: Replay, start: number, options: ReplayOptions): Promise<void> {
    const { wanted } = run;
    const { json, verbose } = this.#options;
    if (wanted.length === 0) return;
    const retelling = new Retelling(this.#build(start), start, options, wanted);
    await this.#each('journeys', (captured) => {
      const journeys = retelling.carry(captured);
      if (journeys) {
        const { record, capture } = captured;
        const { file } = this.#sources[capture]!.stream;
        if (json) {
          this.#print({ from: `${file} record ${record.number}`, file, number: record.number, journeys });
        } else {
          const seconds = ((microseconds(record) - start) / 1e6).toFixed(6);
          const heading: Line = [
            { text: `── ${file} record ${record.number}, ${seconds} s`, style: 'quiet' },
          ];
          const width = outputWidth();
          const texts = journeys.flatMap((journey) => [
            ...journeyText(journey, { verbose: verbose === true, width }),
            [],
          ]);
          this.#paint([heading, ...(texts.length > 0 ? texts : [[]])]);
        }
      }
      return !retelling.isOver;
    });
    if (run.unwanted > 0 && !json) {
      const text = `journeys of ${run.unwanted} more packets are not told (--most ${this.#options.most})`;
      this.#paint([[{ text, style: 'quiet' }], []]);
    }
  }

  #captures(): unknown {
    return this.#sources.map(({ stream: { file, records, problems, problemCount, passedOver } }) => ({
      file,
      records,
      problems,
      problemCount,
      passedOver: Object.fromEntries(passedOver),
    }));
  }

  /** What could not be read goes to standard error; a damaged capture makes the program fail. */
  #tellProblems(): void {
    for (const { stream } of this.#sources) {
      const { file, problems, problemCount } = stream;
      for (const { message, isEnd } of problems) {
        process.stderr.write(
          `fivehooks: ${file}: ${message}${isEnd ? '; nothing behind it was read' : ''}\n`,
        );
      }
      if (problemCount > problems.length) {
        process.stderr.write(`fivehooks: ${file}: ${problemCount - problems.length} further problems\n`);
      }
      if (problemCount > 0) process.exitCode = 1;
    }
  }

  #paint(lines: readonly Line[]): void {
    process.stdout.write(paint(lines, wantsColor(this.#options.color)));
  }

  #print(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}

async function* withSource(
  stream: CaptureStream,
  capture: number,
  device: string | undefined,
): AsyncGenerator<readonly Captured[]> {
  for await (const records of stream) yield records.map((record) => ({ record, capture, device }));
}

/** Standard input can be read once only; a replay reads a capture twice. */
class Spool {
  #folder: string | undefined;

  async standardInput(): Promise<string> {
    if (this.#folder !== undefined) throw new UserProblem('standard input (-) can be given once only', 2);
    this.#folder = mkdtempSync(join(tmpdir(), 'fivehooks-'));
    const file = join(this.#folder, 'standard-input');
    await pipeline(process.stdin, createWriteStream(file));
    return file;
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}

function readWay(text: string): ArrivalWay {
  return oneOf('by', ['auto', ...ARRIVAL_WAYS])(text);
}

function oneOf<T extends string>(name: string, choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new UserProblem(`--${name} ${text}: must be ${choices.join(' or ')}`, 2);
    return found;
  };
}

function readMapping(text: string, known: ReadonlyMap<string, string>): Map<string, string> {
  const at = text.lastIndexOf('=');
  if (at < 1 || at === text.length - 1) {
    throw new UserProblem(`--map ${text}: must be NAME=DEVICE, as in eth0=wan0`, 2);
  }
  return new Map([...known, [text.slice(0, at), text.slice(at + 1)]]);
}

function readFilterOption(text: string): Filter {
  try {
    return readFilter(text);
  } catch (error) {
    if (error instanceof FilterProblem) throw new UserProblem(`--journeys: ${error.message}`, 2);
    throw error;
  }
}

function wholeNumber(name: string): (text: string) => number {
  return (text) => {
    if (!/^\d{1,7}$/.test(text))
      throw new UserProblem(`--${name} ${text}: must be a number, 0 to 9999999`, 2);
    return Number(text);
  };
}
