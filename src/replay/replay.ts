import type { CaptureRecord } from '../formats/capture-record.ts';
import { linkPayload } from '../formats/link-types.ts';
import { packetWords } from '../formats/packet-language/index.ts';
import type { Host } from '../host/host.ts';
import { decisionText } from '../journey/end.ts';
import type { Journey } from '../journey/journey.ts';
import { JourneyRecorder } from '../journey/recorder.ts';
import { watched } from '../journey/watch.ts';
import { viewOf } from '../testing/cases/packet-view.ts';
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../wire/protocols.ts';
import type { Arrival } from './arrival.ts';
import { Drive, type DriveOptions } from './drive.ts';
import { type Fate, Fates } from './fates.ts';
import type { Filter, Filtered } from './filter.ts';
import { Flows } from './flows.ts';
import { ReplaySummary } from './summary.ts';
import type { Trail } from './trail.ts';

/** A record of one of several captures. */
export interface Captured {
  readonly record: CaptureRecord;
  /** Number of the capture, from 0. */
  readonly capture: number;
  /** The device that its frames come in by, if that was said. */
  readonly device: string | undefined;
}

export interface ReplayOptions extends DriveOptions {
  /** Which packets' journeys are wanted; undefined: the first of each kind. */
  readonly journeys?: Filter | undefined;
  /** Journeys, at most. */
  readonly most: number;
}

/** Where frames go. The bytes are only good for the call; `time` is microseconds since 1970. */
export interface ReplayOutput {
  /** A frame left by a device; `comment`: the line of a table that let it pass, or why the host made it. */
  left?(device: string, frame: Uint8Array, time: number, comment: string): void;
  /** A frame came by a device, and the packet in it was dropped. */
  dropped?(device: string, frame: Uint8Array, time: number, comment: string): void;
}

/** Carries captures through a host and counts what becomes of them; {@link retell} then tells single journeys. */
export class Replay {
  readonly summary: ReplaySummary;
  readonly #host: Host;
  readonly #start: number;
  readonly #options: ReplayOptions;
  readonly #output: ReplayOutput;
  readonly #drive: Drive;
  readonly #fates: Fates;
  /** Numbers of the records, counted over all captures, whose journeys are wanted. */
  readonly #wanted = new Set<number>();
  readonly #seen = new Set<string>();
  #ordinal = 0;
  /** Packets that a filter asks for beyond those that are told. */
  unwanted = 0;

  /** `start`: microseconds since 1970 of the first record. The host's epoch must be the same. */
  constructor(host: Host, start: number, options: ReplayOptions, output: ReplayOutput = {}) {
    this.#host = host;
    this.#start = start;
    this.#options = options;
    this.#output = output;
    const words = watched(host);
    this.#fates = new Fates({
      nameOf: words.nameOf,
      rule: (family, table, chain, number) => words.rule?.(family, table, chain, number),
    });
    this.summary = new ReplaySummary(new Flows(host.conntrack), this.#fates.lines);
    this.#drive = new Drive(host, start, options, {
      frame: (device, frame) => this.#left(device, frame),
      question: () => this.#fates.forgetCurrent(),
    });
    host.observer = this.#fates;
  }

  /** The records whose journeys are wanted, by their number over all captures, in order. */
  get wanted(): readonly number[] {
    return [...this.#wanted].sort((a, b) => a - b);
  }

  carry(captured: Captured): void {
    const { record, device } = captured;
    const { frames } = this.summary;
    this.#ordinal++;
    frames.read++;
    this.#drive.passUntil(record);
    this.#fates.take((trail) => this.#ended(trail, undefined, ''));
    frames.late = this.#drive.late;
    this.summary.seconds = this.#host.timers.now / 1e6;
    const arrival = this.#drive.find(record, device);
    this.#fates.expect(this.#ordinal);
    const driven = this.#drive.give(arrival);
    if (driven === 'arrives') {
      frames.carried++;
      this.#countArrival(arrival);
    } else {
      frames[driven]++;
    }
    if ((driven === 'arrives' || driven === 'sent') && record.length > record.bytes.length) frames.cut++;
    let wasTold = false;
    this.#fates.take((trail) => {
      wasTold ||= trail.given === this.#ordinal;
      this.#ended(trail, captured, arrivedBy(arrival), arrival);
    });
    const { error } = this.#drive;
    if (error !== undefined && !wasTold) {
      const reason = `the sender gets ${error}`;
      this.summary.countEnd({ kind: 'dropped', devices: [], text: reason }, reason);
    }
  }

  /** There are no more records: what still waits is counted as waiting. */
  finish(): void {
    this.#host.observer = undefined;
    for (const trail of this.#fates.waiting()) this.#ended(trail, undefined, '');
  }

  #countArrival(arrival: Arrival): void {
    if (arrival.kind !== 'arrives') return;
    const counts = this.summary.device(arrival.device);
    counts.inPackets++;
    counts.inBytes += arrival.frame.length;
  }

  #left(device: string, frame: Uint8Array): void {
    const counts = this.summary.device(device);
    counts.outPackets++;
    counts.outBytes += frame.length;
    const { left } = this.#output;
    if (!left) return;
    const trail = this.#fates.current;
    const by = trail && this.#fates.fateOf(trail).end.by;
    const accepted = by ? `accepted by ${decisionText(by)}` : '';
    const comment = trail?.given === 0 && trail.device === 0 ? `made by the host: ${trail.why}` : '';
    left.call(this.#output, device, frame, this.#now, [comment, accepted].filter(Boolean).join('; '));
  }

  get #now(): number {
    return this.#start + this.#host.timers.now;
  }

  /** A packet's way is over; `captured` if it was the record that was just given. */
  #ended(trail: Trail, captured: Captured | undefined, device: string, arrival?: Arrival): void {
    if (trail.given === 0) {
      if (trail.device === 0) this.summary.ends.made++;
      return;
    }
    const fate = this.#fates.fateOf(trail);
    const { end, reason } = fate;
    this.summary.countEnd(end, reason);
    // Of a packet that waited the frame is gone.
    if (!captured || trail.given !== this.#ordinal) return;
    const { record } = captured;
    this.summary.flows.add(trail.connection, packetOf(record), record.length, end, reason);
    if (end.kind === 'dropped' && arrival?.kind === 'arrives') {
      this.summary.device(device).dropped++;
      this.#output.dropped?.(device, arrival.frame, this.#now, end.text);
    }
    this.#choose({ end, device, record: record.number, view: () => viewOfRecord(record) }, fate);
  }

  /** Is this packet's journey one to tell? */
  #choose(packet: Filtered, { reason }: Fate): void {
    const { journeys, most } = this.#options;
    if (journeys ? !journeys(packet) : this.#seen.has(reason)) return;
    if (this.#wanted.size >= most) {
      this.unwanted++;
      if (journeys || this.#seen.size > MOST_KINDS) return;
    } else {
      this.#wanted.add(this.#ordinal);
    }
    if (!journeys) this.#seen.add(reason);
  }
}

/** Kinds that are remembered as seen. */
const MOST_KINDS = 20_000;

/**
 * Carries the same captures through another host that was made like the first, and tells the journeys of some records. The
 * same seed and clock make the same things happen; what each packet was asked is known only to one who watched closely.
 */
export class Retelling {
  readonly #host: Host;
  readonly #drive: Drive;
  readonly #recorder: JourneyRecorder;
  readonly #wanted: readonly number[];
  #ordinal = 0;
  #next = 0;

  /** `wanted`: of {@link Replay.wanted}. */
  constructor(host: Host, start: number, options: DriveOptions, wanted: readonly number[]) {
    this.#host = host;
    this.#wanted = wanted;
    this.#recorder = new JourneyRecorder(watched(host), packetWords);
    this.#drive = new Drive(host, start, options, { frame: () => {} });
  }

  /** Nothing more is to be told. */
  get isOver(): boolean {
    return this.#next >= this.#wanted.length;
  }

  /** The journeys of a record, if they are wanted; the packet's own comes first. */
  carry({ record, device }: Captured): readonly Journey[] | undefined {
    const isWanted = ++this.#ordinal === this.#wanted[this.#next];
    this.#drive.passUntil(record);
    const arrival = this.#drive.find(record, device);
    if (!isWanted) {
      this.#drive.give(arrival);
      return undefined;
    }
    this.#next++;
    this.#host.observer = this.#recorder;
    this.#drive.give(arrival);
    this.#host.observer = undefined;
    return this.#recorder.take();
  }
}

function arrivedBy(arrival: Arrival): string {
  return arrival.kind === 'arrives' ? arrival.device : '';
}

/** The IP packet of a record; undefined if there is none. */
function packetOf({ bytes, interface: { linkType } }: CaptureRecord): Uint8Array | undefined {
  const found = linkPayload(linkType, bytes);
  const isIp = found?.etherType === ETHERTYPE_IPV4 || found?.etherType === ETHERTYPE_IPV6;
  return found && isIp && bytes.length > found.offset ? bytes.subarray(found.offset) : undefined;
}

function viewOfRecord(record: CaptureRecord): ReturnType<typeof viewOf> {
  const packet = packetOf(record);
  return packet && viewOf(packet);
}
