import { closeSync, openSync, writeSync } from 'node:fs';
import { macsFor } from '../formats/arrival.ts';
import { frameOf, packetWords } from '../formats/packet-language/index.ts';
import type { Host, HostOptions } from '../host/host.ts';
import type { JourneyRecorder } from '../journey/recorder.ts';
import { recordJourneys } from '../journey/watch.ts';
import type { Sender } from '../netfilter/packet.ts';
import { UserProblem } from './problem.ts';
import { carriedBy, type Input } from './trace-inputs.ts';
import type { Output } from './trace-output.ts';

export interface CarrierOptions {
  /** File to which lines of the kernel log are appended. */
  readonly log?: string;
  readonly sender: Sender;
}

/** Carries packets through a host, lets time pass, and hands their journeys out. */
export class Carrier {
  readonly #options: CarrierOptions;
  readonly #log: number | undefined;
  /** Frames that were not given to the host: the device itself sent them; the host could not take them. */
  #own = 0;
  #unreadable = 0;
  #cut = 0;

  /** @throws {UserProblem} if the log file cannot be opened. */
  constructor(options: CarrierOptions) {
    this.#options = options;
    this.#log = options.log === undefined ? undefined : openLog(options.log);
  }

  /** What the host is to be made with. */
  get hostOptions(): HostOptions {
    const log = this.#log;
    const epoch = Date.now() * 1000;
    return log === undefined
      ? { epoch }
      : { epoch, log: (line) => writeSync(log, `${line.replace(/^<\d>/, '')}\n`) };
  }

  carry(host: Host, inputs: readonly Input[], output: Output): void {
    const recorder = recordJourneys(host, packetWords);
    let first: number | undefined;
    for (const input of inputs) {
      let wait = 0;
      if (input.kind === 'wait') wait = input.seconds;
      if (input.kind === 'frame') {
        const time = input.frame.seconds * 1e6 + input.frame.nanoseconds / 1e3;
        first ??= time - host.timers.now;
        wait = (time - first - host.timers.now) / 1e6;
      }
      if (wait > 0) this.#wait(host, wait, recorder, output);
      if (input.kind === 'wait') continue;
      const error = this.#carryOne(host, input);
      const journeys = recorder.take();
      if (journeys.length === 0 && !error) continue;
      const time = host.timers.now / 1e6;
      const said = error ? { error, summary: summaryOf(input) } : {};
      output.packet({ from: input.from, time, journeys, ...said });
    }
    host.observer = undefined;
    output.finish();
    this.#finish();
  }

  #wait(host: Host, seconds: number, recorder: JourneyRecorder, output: Output): void {
    host.advance(seconds);
    const journeys = recorder.take();
    if (journeys.length > 0) output.packet({ from: undefined, time: host.timers.now / 1e6, journeys });
  }

  /** Answers the error that a local sender gets. */
  #carryOne(host: Host, input: Exclude<Input, { kind: 'wait' }>): string | undefined {
    if (input.kind === 'packet') {
      const { packet, at } = input;
      if (at === 'send') return this.#send(host, packet.packet, input.from.name);
      const frame = packet.frame(macsFor(host, at.device, packet.packet));
      host.receive(at.device, frame);
      return undefined;
    }
    const { frame, linkType, at } = input;
    const carried = carriedBy(frame, linkType);
    if (frame.length > frame.bytes.length) this.#cut++;
    if (!carried) {
      this.#unreadable++;
      return undefined;
    }
    const { payload, etherType, sourceMac } = carried;
    if (at === 'send') return this.#send(host, payload, input.from.name);
    const device = host.interfaces.require(at.device);
    if (sourceMac?.every((byte, index) => byte === device.mac[index])) {
      this.#own++;
      return undefined;
    }
    const isEthernet = linkType === 1;
    const macs = { ...macsFor(host, at.device, payload), ...(sourceMac ? { source: sourceMac } : {}) };
    host.receive(at.device, isEthernet ? frame.bytes : frameOf(etherType, payload, macs));
    return undefined;
  }

  #send(host: Host, packet: Uint8Array | undefined, name: string): string | undefined {
    if (!packet) throw new UserProblem(`${name}: a local process sends IP packets, not frames`, 2);
    return host.send(packet, this.#options.sender);
  }

  #finish(): void {
    if (this.#log !== undefined) closeSync(this.#log);
    const note = (count: number, one: string, many: string, text: string): void => {
      if (count > 0)
        process.stderr.write(`fivehooks: ${count} captured ${count === 1 ? one : many} ${text}\n`);
    };
    const [one, many] = ['frame is', 'frames are'];
    note(this.#own, one, many, 'left out: the device itself sent what has its address as source');
    note(this.#unreadable, one, many, 'left out: nothing in it that a host takes');
    note(this.#cut, 'frame was', 'frames were', 'cut by the capture (snap length); the headers tell of more');
  }
}

function summaryOf(input: Exclude<Input, { kind: 'wait' }>): string {
  if (input.kind === 'frame') return packetWords.summarizeFrame(input.frame.bytes);
  const { packet } = input.packet;
  return packet ? packetWords.summarizePacket(packet) : packetWords.summarizeFrame(input.packet.frame());
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserProblem(`--log ${path}: cannot be written: ${reason}`);
  }
}
