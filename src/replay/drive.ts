import type { CaptureRecord } from '../formats/capture-record.ts';
import type { Host } from '../host/host.ts';
import { Neighbourhood } from '../testing/cases/neighbourhood.ts';
import { type Arrival, type ArrivalOptions, Arrivals } from './arrival.ts';
import { takeForProcesses } from './processes.ts';

export interface DriveOptions {
  /** With `processes` what processes of the host sent is sent by a local process again; else it is left out. */
  readonly arrival: ArrivalOptions;
  /** Neighbours that the host asks for are there; else only those that it knows or that answer in the capture. */
  readonly neighbours: boolean;
}

/** What a record came to. */
export type Driven = Arrival['kind'] | 'sent';

/** What leaves a host. */
export interface Leaving {
  frame(device: string, frame: Uint8Array): void;
  /** A question for a neighbour, which is answered at once and does not leave. */
  question?(): void;
}

/** Lives a capture again on a host: its clock is the capture's. */
export class Drive {
  /** Why a local process could not send the last record: `EPERM`; undefined if it could. */
  error: string | undefined = undefined;
  /** Records whose time is before that of one already carried. */
  late = 0;
  readonly #host: Host;
  readonly #start: number;
  readonly #arrivals: Arrivals;
  readonly #neighbourhood: Neighbourhood | undefined;
  #time = 0;

  /** `start`: microseconds since 1970 of the first record, which the host's time 0 is. */
  constructor(host: Host, start: number, options: DriveOptions, leaving: Leaving) {
    this.#host = host;
    this.#start = start;
    this.#arrivals = new Arrivals(host, options.arrival);
    this.#neighbourhood = options.neighbours ? new Neighbourhood(host) : undefined;
    host.transmit = (device, frame) => {
      if (this.#neighbourhood?.hears(device, frame)) {
        leaving.question?.();
        return;
      }
      this.#arrivals.noteLeft(frame);
      leaving.frame(device, frame);
    };
    if (options.arrival.processes) takeForProcesses(host);
  }

  /** Lets time pass until a record's. */
  passUntil(record: CaptureRecord): void {
    const time = microseconds(record) - this.#start;
    if (time < this.#time) this.late++;
    this.#time = Math.max(time, this.#time);
    const { timers } = this.#host;
    if (time > timers.now) this.#host.advance((time - timers.now) / 1e6);
    this.#neighbourhood?.answer();
  }

  /** Where a record comes in, before it is given to the host. */
  find(record: CaptureRecord, given: string | undefined): Arrival {
    return this.#arrivals.of(record, given);
  }

  /** Gives a frame to the host, or has a local process send it. */
  give(arrival: Arrival): Driven {
    this.error = undefined;
    if (arrival.kind === 'arrives') {
      this.#host.receive(arrival.device, arrival.frame);
    } else if (arrival.kind === 'own' && arrival.packet) {
      this.error = this.#host.send(arrival.packet);
      this.#neighbourhood?.answer();
      return 'sent';
    } else {
      return arrival.kind;
    }
    this.#neighbourhood?.answer();
    return arrival.kind;
  }
}

/** Microseconds since 1970 of a record. */
export function microseconds({ seconds, nanoseconds }: CaptureRecord): number {
  return seconds * 1e6 + nanoseconds / 1e3;
}
