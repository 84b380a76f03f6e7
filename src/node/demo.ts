import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { toHex } from '../formats/hex.ts';
import type { CapturedFrame } from '../formats/pcap.ts';
import type { Host } from '../host/host.ts';
import { JourneySummary, reasonOf } from '../journey/summary.ts';
import { journeyText, type Line } from '../journey/text.ts';
import { readTextFile } from './files.ts';
import { hostFromFile } from './host-file.ts';
import { outputWidth, paint, readColorChoice, wantsColor } from './paint.ts';
import { Carrier } from './trace-carrier.ts';
import { type Input, readInputs } from './trace-inputs.ts';
import type { Carried, Output } from './trace-output.ts';

const DEVICES = ['lan0', 'srv0', 'wan0'];
const HELP = `
The capture was recorded with tcpdump on a Linux gateway that translates between an office network, servers and the world
(conformance/demo/record.sh records it again); the router had the same rules. What arrived there arrives here; what
leaves here, and what the rules log, is compared with what Linux sent and logged.

Exit status: 0, or 1 if there is any difference.`;

export function define(command: Command): void {
  command
    .option('--verbose', 'every rule that was asked, every field that changed, packets in full')
    .option('--all', 'the journey of every packet, not only of the first of each kind')
    .option('--color <when>', 'auto, always or never; NO_COLOR is obeyed', readColorChoice, 'auto')
    .addHelpText('after', HELP)
    .action(async (options: { verbose?: true; all?: true; color: ReturnType<typeof readColorChoice> }) => {
      process.exitCode = await demo(
        options.verbose ?? false,
        options.all ?? false,
        wantsColor(options.color),
      );
    });
}

/** Carries the bundled captures through the bundled host; answers the exit status. */
async function demo(verbose: boolean, all: boolean, color: boolean): Promise<number> {
  const folder = demoFolder();
  const carrier = new Carrier({ sender: { uid: 0, gid: 0, mark: 0 } });
  const host = await hostFromFile(`${folder}/host.yaml`, carrier.hostOptions);
  const sent = new Map<string, string[]>(DEVICES.map((device) => [device, []]));
  host.transmit = (device, frame) => sent.get(device)?.push(toHex(frame));
  const logged: string[] = [];
  host.log = (line) => logged.push(line.replace(/^<\d>/, ''));
  const { arrived, expected } = readCaptures(host, folder);
  const output = new DemoOutput(verbose, all, color);
  output.begin(arrived.length);
  carrier.carry(host, arrived, output);
  const frames = compareLines(framesOf(sent), framesOf(expected));
  const log = compareLines(logged, readTextFile(`${folder}/kernel.log`).replace(/\n$/, '').split('\n'));
  const lines = [...verdict(frames, 'frames that left'), ...verdict(log, 'lines of the kernel log')];
  process.stdout.write(paint([[], ...lines], color));
  return [frames, log].every(({ missing, extra }) => missing.length + extra.length === 0) ? 0 : 1;
}

/** What is the same on both sides, only on Linux's, and only here. */
interface Compared {
  readonly equal: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

function verdict({ equal, missing, extra }: Compared, what: string): Line[] {
  if (missing.length + extra.length === 0) {
    return [[{ text: `all ${equal} ${what} are those of Linux's router, to the byte`, style: 'passed' }]];
  }
  const text = `${equal} ${what} are those of Linux's router; ${missing.length} are missing, ${extra.length} too many`;
  return [
    [{ text, style: 'dropped' }],
    ...missing.map((line): Line => [{ text: `  missing   ${line}`, style: 'plain' }]),
    ...extra.map((line): Line => [{ text: `  too many  ${line}`, style: 'plain' }]),
  ];
}

/** Beside the sources, or beside the folder that they are built into. */
function demoFolder(): string {
  const places = ['../../conformance/demo', '../conformance/demo'];
  const found = places
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((path) => existsSync(path));
  if (!found) throw new Error('the folder conformance/demo is not where this program was installed');
  return found;
}

/** What arrived at the router by the time it did, and the frames that it sent, by device. */
function readCaptures(host: Host, folder: string): { arrived: Input[]; expected: Map<string, string[]> } {
  const expected = new Map<string, string[]>();
  const arrived: (Input & { kind: 'frame' })[] = [];
  for (const device of DEVICES) {
    const own = toHex(host.interfaces.require(device).mac);
    const all = { count: Number.POSITIVE_INFINITY, numbers: undefined };
    const inputs = readInputs(`${folder}/${device}.pcap`, { device }, 1, all);
    const frames = inputs.filter((input) => input.kind === 'frame');
    const isOwn = ({ bytes }: CapturedFrame): boolean => toHex(bytes.subarray(6, 12)) === own;
    arrived.push(
      ...frames
        .filter(({ frame }) => !isOwn(frame))
        .map((input) => ({ ...input, from: { name: `${device} record ${input.frame.number}` } })),
    );
    expected.set(
      device,
      frames.filter(({ frame }) => isOwn(frame)).map(({ frame }) => toHex(frame.bytes)),
    );
  }
  const time = ({ frame }: { frame: CapturedFrame }): number => frame.seconds * 1e6 + frame.nanoseconds / 1e3;
  return { arrived: arrived.sort((a, b) => time(a) - time(b)), expected };
}

function framesOf(devices: ReadonlyMap<string, readonly string[]>): string[] {
  return [...devices].flatMap(([device, frames]) =>
    frames.map((frame) => `${device} ${withoutChosenId(frame)}`),
  );
}

/** Without regard to their order: on a real machine packets of several devices overtake one another. */
function compareLines(here: readonly string[], linux: readonly string[]): Compared {
  const left = new Map<string, number>();
  for (const line of here) left.set(line, (left.get(line) ?? 0) + 1);
  const missing = linux.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
  const extra = [...left].flatMap(([line, count]) => Array<string>(count).fill(line));
  return { equal: linux.length - missing.length, missing, extra };
}

/** The router's own addresses, in hex as they stand in IPv4 headers. */
const OWN_SOURCES = ['c0a80a01', 'cb007101', 'c6336401'];

/** A frame without the identification that a host draws at random for what it sends itself, and its checksum. */
function withoutChosenId(frame: string): string {
  const isOwn = frame.slice(24, 28) === '0800' && OWN_SOURCES.includes(frame.slice(52, 60));
  return isOwn ? `${frame.slice(0, 36)}0000${frame.slice(40, 48)}0000${frame.slice(52)}` : frame;
}

/** The journey of the first packet of each kind: of those that one rule or one reason ended. */
class DemoOutput implements Output {
  readonly #verbose: boolean;
  readonly #all: boolean;
  readonly #color: boolean;
  readonly #summary = new JourneySummary();
  readonly #seen = new Set<string>();

  constructor(verbose: boolean, all: boolean, color: boolean) {
    this.#verbose = verbose;
    this.#all = all;
    this.#color = color;
  }

  begin(packets: number): void {
    const what = this.#all ? 'every packet' : 'the first packet of each kind';
    const text = `${packets} packets that tcpdump recorded on a router (ping, DNS, web, ssh, ftp, port scans); the journey of ${what}:`;
    this.#write([[{ text, style: 'plain' }]]);
  }

  packet({ from, time, journeys }: Carried): void {
    for (const [index, journey] of journeys.entries()) {
      this.#summary.add(journey, from !== undefined && index === 0);
      const kind = `${journey.summary.split(' ')[0]} ${reasonOf(journey.end)}`;
      if (this.#seen.has(kind) && !this.#all) continue;
      this.#seen.add(kind);
      const heading: Line = [{ text: `── ${from?.name ?? 'later'}, ${time.toFixed(6)} s`, style: 'quiet' }];
      this.#write([[], heading, ...journeyText(journey, { verbose: this.#verbose, width: outputWidth() })]);
    }
  }

  finish(): void {
    this.#write([[], ...this.#summary.lines()]);
  }

  #write(lines: readonly Line[]): void {
    process.stdout.write(paint(lines, this.#color));
  }
}
