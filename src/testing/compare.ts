import { fromHex } from '../formats/hex.ts';
import type { PlayedRecording, RecordedFrame, RecordedStep, Recording } from '../formats/recording.ts';
import { entriesFit, entry, isEntry } from './entries.ts';
import { blank, differingFields, frameFields, wrongChecksums } from './frame-fields.ts';

/**
 * The differences between what is expected and what was got, one line each: `NAME: STEP: WHAT: expected …, got …`; none
 * if they are equal under the masks of conformance/FORMAT.md. Does as conformance/compare.
 */
export function compareRecordings(name: string, expected: Recording, got: Recording): readonly string[] {
  const comparison = new Comparison(name);
  comparison.recordings(expected, got);
  return comparison.lines;
}

class Comparison {
  readonly lines: string[] = [];
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  recordings(expected: Recording, got: Recording): void {
    if ('load' in expected || 'load' in got) {
      const loads = [expected, got].map((one) =>
        'load' in one ? JSON.stringify(inOrder(one.load)) : 'null',
      );
      if (loads[0] !== loads[1]) this.#differ('load', 'load', loads[0]!, loads[1]!);
      return;
    }
    const count = [expected.steps.length, got.steps.length];
    if (count[0] !== count[1]) this.#differ('steps', 'count', String(count[0]), String(count[1]));
    for (let i = 0; i < Math.min(...count); i++) this.#step(`step ${i}`, expected.steps[i]!, got.steps[i]!);
    this.#ending(expected, got);
  }

  #ending(expected: PlayedRecording, got: PlayedRecording): void {
    for (const key of ['iptables', 'ip6tables'] as const) {
      this.#textLines('end', key, expected[key].split('\n'), got[key].split('\n'));
    }
    for (const key of ['conntrack', 'expectations'] as const) {
      this.#entries('end', key, expected[key], got[key]);
    }
    this.#textLines('end', 'ipset', setLines(expected.ipset), setLines(got.ipset));
  }

  #step(label: string, one: RecordedStep, two: RecordedStep): void {
    this.#out(label, one.out, two.out);
    const isSame = one.log.length === two.log.length;
    const log = isSame
      ? two.log.map((line, i) => (logLinesFit(one.log[i]!, line) ? one.log[i]! : line))
      : two.log;
    this.#textLines(label, 'log', one.log, log);
    this.#textLines(label, 'path', one.path, two.path);
    for (const key of ['error', 'exit'] as const) {
      if (one[key] !== two[key]) this.#differ(label, key, shown(one[key]), shown(two[key]));
    }
    for (const key of ['stdout', 'stderr'] as const) {
      const text = one[key];
      if (text === undefined) continue;
      const lines = withoutComments(text);
      const others = withoutComments(two[key] ?? '');
      this.#entries(label, key, lines.filter(isEntry), others.filter(isEntry));
      const isText = (line: string) => !isEntry(line);
      this.#textLines(label, key, lines.filter(isText), others.filter(isText));
    }
  }

  /** Only the first difference: what follows is mostly shifted. */
  #textLines(label: string, what: string, lines: readonly string[], others: readonly string[]): void {
    for (let at = 0; at < Math.max(lines.length, others.length); at++) {
      if (lines[at] === others[at]) continue;
      this.#differ(label, `${what} line ${at + 1}`, shown(lines[at]), shown(others[at]));
      return;
    }
  }

  #out(label: string, one: readonly RecordedFrame[], two: readonly RecordedFrame[]): void {
    if (one.length !== two.length)
      this.#differ(label, 'number of frames', String(one.length), String(two.length));
    for (let i = 0; i < Math.min(one.length, two.length); i++)
      this.#frame(label, `frame ${i}`, one[i]!, two[i]!);
  }

  #frame(label: string, what: string, expected: RecordedFrame, got: RecordedFrame): void {
    if (expected.dev !== got.dev) this.#differ(label, `${what} device`, expected.dev, got.dev);
    const masks = expected.mask ?? [];
    const frame = bytesOf(expected);
    const other = bytesOf(got);
    if (!sameBytes(blank(frame, masks), blank(other, masks))) {
      const names = differingFields(frame, other);
      const detail = names && names.length > 0 ? ` (${[...names].sort().join(', ')})` : '';
      this.#differ(label, what + detail, expected.frame, got.frame);
      return;
    }
    const wrong = [frame, other].map((each) => JSON.stringify(wrongChecksums(each)));
    if (masks.length > 0 && wrong[0] !== wrong[1])
      this.#differ(label, `${what} wrong checksums`, wrong[0]!, wrong[1]!);
    const field = ['sport', 'icmp-id'].find((name) => masks.includes(name));
    const span = field && frameFields(other).get(field);
    if (!expected.ports || !span) return;
    const port = (other[span.at]! << 8) | other[span.at + 1]!;
    const [low, high] = expected.ports;
    if (port < low || port > high) this.#differ(label, `${what} ${field}`, `${low}..${high}`, String(port));
  }

  /** Entries in any order: every expected one takes a fitting one of the others. */
  #entries(label: string, what: string, lines: readonly string[], others: readonly string[]): void {
    const rest = others.map(entry);
    const missing: string[] = [];
    for (const one of lines.map(entry)) {
      const at = rest.findIndex((two) => entriesFit(one, two));
      if (at >= 0) rest.splice(at, 1);
      else missing.push(one.line);
    }
    for (let i = 0; i < Math.max(missing.length, rest.length); i++) {
      this.#differ(label, what, missing[i] ?? 'none', rest[i]?.line ?? 'none');
    }
  }

  #differ(step: string, what: string, expected: string, got: string): void {
    this.lines.push(`${this.#name}: ${step}: ${what}: expected ${expected}, got ${got}`);
  }
}

function inOrder({ what, exit, stderr }: { what: string; exit: number; stderr: string }) {
  return { what, exit, stderr };
}

function shown(value: string | number | undefined): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

function withoutComments(text: string): readonly string[] {
  return text.split('\n').filter((line) => !line.startsWith('#'));
}

function bytesOf({ frame }: RecordedFrame): Uint8Array {
  const bytes = fromHex(frame);
  if (!bytes) throw new TypeError(`'${frame}' are no hexadecimal digits of a frame`);
  return bytes;
}

function sameBytes(one: Uint8Array, two: Uint8Array): boolean {
  return one.length === two.length && one.every((byte, i) => byte === two[i]);
}

/** An expected word KEY=* fits every value of that key. */
function logLinesFit(one: string, two: string): boolean {
  const words = one.split(' ');
  const others = two.split(' ');
  return (
    words.length === others.length &&
    words.every(
      (a, i) => a === others[i] || (a.endsWith('=*') && a.split('=')[0] === others[i]!.split('=')[0]),
    )
  );
}

/** The lines of `ipset save`: creations in order, then members sorted, without what the kernel's hash tables decide. */
function setLines(lines: readonly string[]): readonly string[] {
  const isCreation = (line: string) => line.startsWith('create');
  const creations = lines
    .filter(isCreation)
    .map((line) => line.replace(/ (hashsize|bucketsize|initval) \S+/g, ''));
  const members = lines
    .filter((line) => !isCreation(line))
    .map((line) => line.replace(/ timeout \d+/g, ' timeout T'));
  return [...creations, ...members.sort()];
}
