import { type Connection, connectionOf } from '../../conntrack/connection.ts';
import { stateOf } from '../../conntrack/describe.ts';
import { packetWords } from '../../formats/packet-language/index.ts';
import type { Host } from '../../host/host.ts';
import type { Journey } from '../../journey/journey.ts';
import { JourneyRecorder } from '../../journey/recorder.ts';
import { watched } from '../../journey/watch.ts';
import type { Hook } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import type { Verdict } from '../../netfilter/verdict.ts';
import type { Coverage } from './coverage.ts';
import { Neighbourhood } from './neighbourhood.ts';

/** A frame that left. */
export interface LeftFrame {
  readonly device: string;
  readonly frame: Uint8Array;
}

/** What became of the packet of a step. */
export interface StepOutcome {
  /** The packet's own journey; undefined if the host refused to send it, or took no notice of the frame. */
  readonly journey: Journey | undefined;
  /** All journeys of the step, the packet's own the first. */
  readonly journeys: readonly Journey[];
  /** The error that a local sender got. */
  readonly error: string | undefined;
  /** Frames that left, but for the host's questions for neighbours. */
  readonly frames: readonly LeftFrame[];
  /** The packet's frames among them, by which device; several if it was fragmented. */
  readonly left: readonly LeftFrame[];
  /** The IP packet that a local process, or the host itself, got. */
  readonly delivered: Uint8Array | undefined;
  readonly log: readonly string[];
  readonly mark: number;
  /** As `--ctstate` calls it; undefined if nothing tracked it. */
  readonly state: string | undefined;
  readonly connection: Connection | undefined;
}

/** Carries the packets of a case through its host, and sees what becomes of each. */
export class StepWatch extends JourneyRecorder {
  readonly #host: Host;
  readonly #neighbourhood: Neighbourhood;
  readonly #coverage: Coverage | undefined;
  #frames: { readonly device: string; readonly frame: Uint8Array; readonly packet: number }[] = [];
  #log: string[] = [];
  /** Number of the step's own packet, 0 before it is known. */
  #own = 0;
  #leaving = 0;
  #delivered: Uint8Array | undefined;
  #mark = 0;
  #state: string | undefined;
  #connection: Connection | undefined;

  /** Takes the host's observer, its frames and its log. With `misses` rules that do not match are told, too. */
  constructor(host: Host, misses: boolean, coverage?: Coverage) {
    super(watched(host), packetWords, misses || coverage !== undefined);
    this.#host = host;
    this.#coverage = coverage;
    this.#neighbourhood = new Neighbourhood(host);
    host.observer = this;
    host.transmit = (device, frame) => {
      if (this.#neighbourhood.hears(device, frame)) return;
      this.#frames.push({ device, frame: frame.slice(), packet: this.#leaving });
    };
    host.log = (line) => this.#log.push(line.replace(/^<\d>/, ''));
  }

  /** Gives the host a packet, and answers what neighbours it asks for. */
  carry(give: () => string | undefined): StepOutcome {
    this.#frames = [];
    this.#log = [];
    this.#own = 0;
    this.#delivered = undefined;
    this.#mark = 0;
    this.#state = undefined;
    this.#connection = undefined;
    const error = give();
    this.#neighbourhood.answer();
    const journeys = this.take();
    for (const journey of journeys) this.#coverage?.count(journey);
    const own = this.#own;
    return {
      journey: journeys.find(({ packet }) => packet === own),
      journeys,
      error,
      frames: this.#frames,
      left: this.#frames.filter(({ packet }) => packet === own && own !== 0),
      delivered: this.#delivered,
      log: this.#log,
      mark: this.#mark,
      state: this.#state,
      connection: this.#connection,
    };
  }

  /** Lets time pass; what comes of it is not the step's. */
  pass(run: () => void): readonly string[] {
    this.#log = [];
    run();
    this.#neighbourhood.answer();
    for (const journey of this.take()) this.#coverage?.count(journey);
    return this.#log;
  }

  override arrive(packet: Packet, device: number): void {
    if (this.#own === 0 && isIp(packet)) this.#own = packet.id;
    super.arrive(packet, device);
  }

  override create(packet: Packet, why: string): void {
    if (this.#own === 0 && isIp(packet)) this.#own = packet.id;
    super.create(packet, why);
  }

  override leave(packet: Packet, hook: Hook, name: string, verdict: Verdict): void {
    if (packet.id === this.#own) {
      this.#mark = packet.mark >>> 0;
      this.#connection = connectionOf(packet);
      const state = stateOf(packet);
      if (this.#connection || state === 'UNTRACKED' || this.#host.conntrack.tracks(packet.family))
        this.#state = state;
    }
    super.leave(packet, hook, name, verdict);
  }

  override transmit(packet: Packet, device: number): void {
    this.#leaving = packet.id;
    super.transmit(packet, device);
  }

  override deliver(packet: Packet, to: string): void {
    if (packet.id === this.#own) this.#delivered = packet.bytes.slice(packet.network, packet.end);
    super.deliver(packet, to);
  }
}

function isIp({ etherType }: Packet): boolean {
  return etherType === 0x0800 || etherType === 0x86dd;
}
