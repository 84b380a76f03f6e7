import type { Journey } from '../journey/journey.ts';
import { JourneySummary } from '../journey/summary.ts';
import { journeyText, type Line } from '../journey/text.ts';
import { paint } from './paint.ts';
import type { Place } from './trace-inputs.ts';

/** One packet (or a while of waiting) and what came of it. */
export interface Carried {
  readonly from: Place | undefined;
  /** Seconds since the first packet. */
  readonly time: number;
  /** Of a packet that was given, its own journey comes first. */
  readonly journeys: readonly Journey[];
  /** The packet in short, for one that did not even set out. */
  readonly summary?: string;
  /** Error that a local sender got, as EPERM. */
  readonly error?: string;
}

/** Where journeys go. Texts are written as soon as they are there. */
export interface Output {
  packet(carried: Carried): void;
  finish(): void;
}

export interface TextOutputOptions {
  readonly verbose: boolean;
  readonly journeys: boolean;
  readonly color: boolean;
  readonly width: number;
  /** There is more than one packet: each gets a heading, and at last they are counted. */
  readonly several: boolean;
}

/** Journeys for people. */
export class TextOutput implements Output {
  readonly #options: TextOutputOptions;
  readonly #summary = new JourneySummary();
  #isFirst = true;

  constructor(options: TextOutputOptions) {
    this.#options = options;
  }

  packet({ from, time, journeys, summary, error }: Carried): void {
    addAll(this.#summary, journeys, from, error);
    if (!this.#options.journeys) return;
    const { verbose, width, several } = this.#options;
    const heading = (name: string, seconds: number): Line[] => {
      const at = seconds > 0 ? `, ${seconds.toFixed(6)} s` : '';
      return several ? [[{ text: `── ${name}${at}`, style: 'quiet' }]] : [];
    };
    if (from) this.#paragraph(heading(from.name, time));
    for (const [index, journey] of journeys.entries()) {
      const before = from ? [] : heading('later', journey.time / 1e6);
      const lines = [...before, ...journeyText(journey, { verbose, width })];
      if (from && index === 0) this.#write(lines);
      else this.#paragraph(lines);
    }
    if (error && journeys.length === 0 && summary) this.#write([[{ text: summary, style: 'packet' }]]);
    if (error) this.#write([[{ text: `the sender gets ${error}`, style: 'dropped' }]]);
  }

  /** Lines with an empty one before them, unless they are the first. */
  #paragraph(lines: readonly Line[]): void {
    if (!this.#isFirst) this.#write([[]]);
    this.#isFirst = false;
    this.#write(lines);
  }

  finish(): void {
    if (!this.#options.several && this.#options.journeys) return;
    this.#paragraph(this.#summary.lines());
  }

  #write(lines: readonly Line[]): void {
    process.stdout.write(paint(lines, this.#options.color));
  }
}

function addAll(
  summary: JourneySummary,
  journeys: readonly Journey[],
  from: Place | undefined,
  error: string | undefined,
): void {
  if (error && journeys.length === 0) summary.addRefused(error);
  for (const [index, journey] of journeys.entries()) summary.add(journey, from !== undefined && index === 0);
}

/** Journeys for programs: a JSON object on each line. */
export class JsonOutput implements Output {
  readonly #summary = new JourneySummary();

  packet({ from, time, journeys, error }: Carried): void {
    addAll(this.#summary, journeys, from, error);
    if (journeys.length === 0 && !error) return;
    const input = from
      ? { from: from.name, ...(from.file ? { file: from.file, number: from.number } : {}) }
      : {};
    this.#write({ ...input, seconds: time, ...(error ? { error } : {}), journeys });
  }

  finish(): void {
    this.#write({ summary: this.#summary.data() });
  }

  #write(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
