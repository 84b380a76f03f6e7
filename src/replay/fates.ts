import { connectionOf } from '../conntrack/connection.ts';
import { endOf } from '../journey/end.ts';
import type { End } from '../journey/journey.ts';
import { reasonOf } from '../journey/summary.ts';
import { type Family, HOOK_NAMES, type Hook } from '../netfilter/constants.ts';
import type { ChainStep, Observer } from '../netfilter/observer.ts';
import type { Packet } from '../netfilter/packet.ts';
import { type Verdict, verdictName } from '../netfilter/verdict.ts';
import { type TableLine, Trail } from './trail.ts';

/** What the observer asks of its host. */
export interface FateHost {
  nameOf(device: number): string;
  /** The rule at a place of a table as `-S` prints it; undefined for the end of a chain. */
  rule(family: Family, table: string, chain: string, number: number): string | undefined;
}

/** What became of packets that went the same way. */
export interface Fate {
  readonly end: End;
  /** The same words for all that ended alike. */
  readonly reason: string;
}

/** Packets that wait, and are remembered. */
const MOST_WAITING = 4096;
/** Fates whose words are kept; a way that names an address can have any number. */
const MOST_FATES = 20_000;

/**
 * Sees what becomes of each packet, and only that: packets go through the compiled tables, no text is made for one that
 * goes a way that another went before.
 */
export class Fates implements Observer {
  /** Lines of tables that packets reached. */
  readonly lines: TableLine[] = [];
  readonly #host: FateHost;
  readonly #byPlace = new Map<string, Map<string, (TableLine | undefined)[]>>();
  /** Fates with a trail that came to each, by the trail's hash. */
  readonly #fates = new Map<number, { readonly trail: Trail; readonly fate: Fate }[]>();
  #fateCount = 0;
  readonly #trails = new Map<number, Trail>();
  readonly #waiting = new Map<number, Trail>();
  #current: Trail | undefined;
  /** Number of the frame that is about to be given; 0 once its packet is known. */
  #given = 0;

  constructor(host: FateHost) {
    this.#host = host;
  }

  /** The next packet that arrives or is made is that of the frame with this number. */
  expect(number: number): void {
    this.#given = number;
  }

  /** The trail of the packet that is on its way, for what is told of a frame while it leaves. */
  get current(): Trail | undefined {
    return this.#current;
  }

  /** The packet that is on its way is nobody's business. */
  forgetCurrent(): void {
    if (this.#current) this.#trails.delete(this.#current.packet);
  }

  /** The trails that have ended since the last call. Those that wait are told when they are over. */
  take(each: (trail: Trail) => void): void {
    for (const trail of this.#trails.values()) {
      if (trail.last === 'wait') this.#waiting.set(trail.packet, trail);
      else each(trail);
    }
    this.#trails.clear();
    this.#given = 0;
    this.#current = undefined;
    for (const [number, trail] of this.#waiting) {
      if (this.#waiting.size <= MOST_WAITING) break;
      this.#waiting.delete(number);
      each(trail);
    }
  }

  /** The trails of packets that still wait. */
  *waiting(): Generator<Trail> {
    yield* this.#waiting.values();
  }

  /** What became of a packet, in words. */
  fateOf(trail: Trail): Fate {
    const hash = trail.hash;
    const alike = this.#fates.get(hash);
    for (const known of alike ?? []) if (known.trail.isLike(trail)) return known.fate;
    const end = endOf(trail.steps((device) => this.#host.nameOf(device)));
    const fate = { end, reason: reasonOf(end) };
    if (this.#fateCount++ >= MOST_FATES) return fate;
    if (alike) alike.push({ trail, fate });
    else this.#fates.set(hash, [{ trail, fate }]);
    return fate;
  }

  arrive(packet: Packet, device: number): void {
    this.#current = this.#known(packet.id) ?? this.#begin(packet, device, '');
  }

  create(packet: Packet, why: string): void {
    this.#current = this.#known(packet.id) ?? this.#begin(packet, 0, why);
  }

  enter(packet: Packet, hook: Hook, name: string): void {
    this.#at(packet).enter(HOOK_NAMES[hook]!, name);
  }

  leave(packet: Packet, _hook: Hook, _name: string, verdict: Verdict): void {
    const trail = this.#at(packet);
    trail.leave(verdictName(verdict));
    trail.connection ??= connectionOf(packet);
  }

  step(packet: Packet, table: string, chain: string, kind: ChainStep, number: number): void {
    const line = this.#line(packet.family, table, chain, kind, number);
    line.packets++;
    line.bytes += packet.end - packet.network;
    this.#at(packet).reach(line);
  }

  malformed(packet: Packet, table: string, chain: string, number: number): void {
    const trail = this.#at(packet);
    trail.reach(this.#line(packet.family, table, chain, 'rule', number));
    trail.malformed = true;
  }

  drop(packet: Packet, where: string, reason: string): void {
    const trail = this.#at(packet);
    trail.last = 'drop';
    trail.where = where;
    trail.what = reason;
  }

  deliver(packet: Packet, to: string): void {
    const trail = this.#at(packet);
    trail.last = 'deliver';
    trail.what = to;
  }

  transmit(packet: Packet, device: number): void {
    this.#at(packet).leaveBy(device);
  }

  fragment(packet: Packet, what: string): void {
    const trail = this.#at(packet);
    trail.last = 'fragment';
    trail.what = what;
  }

  wait(packet: Packet, what: string): void {
    const trail = this.#at(packet);
    trail.last = 'wait';
    trail.what = what;
  }

  #at(packet: Packet): Trail {
    const trail = this.#known(packet.id) ?? this.#begin(packet, 0, 'by the host');
    this.#current = trail;
    return trail;
  }

  #known(number: number): Trail | undefined {
    const current = this.#current;
    if (current?.packet === number) return current;
    const known = this.#trails.get(number);
    if (known) return known;
    const waited = this.#waiting.get(number);
    if (!waited) return undefined;
    this.#waiting.delete(number);
    this.#trails.set(number, waited);
    return waited;
  }

  #begin(packet: Packet, device: number, why: string): Trail {
    const trail = new Trail(packet.id, packet.family, device, why);
    this.#markAnswered(packet, device);
    this.#trails.set(packet.id, trail);
    trail.given = this.#given;
    this.#given = 0;
    return trail;
  }

  /** The packet that this one answers; or, if that is not said, the one that was on its way when it was made. */
  #markAnswered(packet: Packet, device: number): void {
    if (packet.cause !== 0) {
      const cause = this.#known(packet.cause);
      if (cause) cause.answered = true;
    } else if (device === 0 && this.#current) {
      const { last } = this.#current;
      if (last !== 'transmit' && last !== 'deliver' && last !== 'drop') this.#current.answered = true;
    }
  }

  #line(family: Family, table: string, chain: string, kind: ChainStep, number: number): TableLine {
    const place = family === 4 ? table : `${table}6`;
    const chains = getOrMake(this.#byPlace, place, () => new Map<string, (TableLine | undefined)[]>());
    const numbers = getOrMake(chains, chain, (): (TableLine | undefined)[] => []);
    const known = numbers[number];
    if (known) return known;
    // A rule without tests at a chain's end is told as the chain's end.
    const rule = this.#host.rule(family, table, chain, number);
    const outcome = kind === 'rule' || rule !== undefined ? 'matched' : kind;
    const id = this.lines.length + 1;
    const line: TableLine = { family, table, chain, number, outcome, rule, id, packets: 0, bytes: 0 };
    numbers[number] = line;
    this.lines.push(line);
    return line;
  }
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
