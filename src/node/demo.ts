import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { toHex } from '../formats/hex.ts';
import type { CapturedFrame } from '../formats/pcap.ts';
import type { Host } from '../host/host.ts';
import { JourneySummary, reasonOf } from '../journey/summary.ts';
import { journeyText, type Line } from '../journey/text.ts';
import { hostFromFile } from './host-file.ts';
import { outputWidth, paint, readColorChoice, wantsColor } from './paint.ts';
import { Carrier } from './trace-carrier.ts';
import { type Input, readInputs } from './trace-inputs.ts';
import type { Carried, Output } from './trace-output.ts';

const DEVICES = ['lan0', 'srv0', 'wan0'];
const HELP = `
The capture was recorded with tcpdump on a Linux router between an office network, servers and the world
(conformance/demo/record.sh records it again); the router had the same rules. What arrived there arrives here; what
leaves here is compared with what Linux sent.

Exit status: 0, or 1 if anything left that Linux did not send, or did not leave that it did.`;

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
  const { arrived, expected } = readCaptures(host, folder);
  const output = new DemoOutput(verbose, all, color);
  output.begin(arrived.length);
  carrier.carry(host, arrived, output);
  const { equal, missing, extra } = compareFrames(sent, expected);
  const right = missing.length + extra.length === 0;
  const verdict = right
    ? `all ${equal} frames that left are those that Linux's router sent, to the byte`
    : `${equal} frames are those that Linux's router sent; ${missing.length} are missing, ${extra.length} too many`;
  const lines: Line[] = [[], [{ text: verdict, style: right ? 'passed' : 'dropped' }]];
  for (const frame of missing) lines.push([{ text: `  missing  ${frame}`, style: 'plain' }]);
  for (const frame of extra) lines.push([{ text: `  too many ${frame}`, style: 'plain' }]);
  process.stdout.write(paint(lines, color));
  return right ? 0 : 1;
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

/** Frames of each device without regard to their order: replies may overtake one another on a real machine. */
function compareFrames(
  sent: ReadonlyMap<string, readonly string[]>,
  expected: ReadonlyMap<string, readonly string[]>,
): { equal: number; missing: string[]; extra: string[] } {
  let equal = 0;
  const missing: string[] = [];
  const extra: string[] = [];
  for (const [device, wanted] of expected) {
    const left = new Map<string, number>();
    for (const frame of sent.get(device) ?? []) add(left, withoutChosenId(frame), 1);
    for (const frame of wanted) {
      const key = withoutChosenId(frame);
      if ((left.get(key) ?? 0) > 0) {
        add(left, key, -1);
        equal++;
      } else {
        missing.push(`${device} ${frame}`);
      }
    }
    for (const [key, count] of left) for (let i = 0; i < count; i++) extra.push(`${device} ${key}`);
  }
  return { equal, missing, extra };
}

function add(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
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
    const text = `${packets} packets that tcpdump recorded on a router (ping, DNS, web, port scans); the journey of ${what}:`;
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
