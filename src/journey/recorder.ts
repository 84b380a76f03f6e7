import { type Family, HOOK_NAMES, type Hook } from '../netfilter/constants.ts';
import type { ChainStep, Mismatch, Observer } from '../netfilter/observer.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Route } from '../netfilter/services.ts';
import { QUEUE, queueNumber, type Verdict, verdictKind, verdictName } from '../netfilter/verdict.ts';
import { Snapshot } from './changes.ts';
import { endOf } from './end.ts';
import type { Asked, Change, HookStep, Journey, Origin, PacketWords, Step } from './journey.ts';

/** What the recorder asks of the host that it watches. */
export interface Watched {
  /** Name of an interface; '' for index 0. */
  nameOf(device: number): string;
  /** Microseconds of the host's clock. */
  now(): number;
  /** What a hook function found out about the packet's connection; undefined for those that find out nothing. */
  connection?(packet: Packet, hooked: string): string | undefined;
  /** The rule at a place of a table as `-S` prints it; undefined for the end of a chain. */
  rule?(family: Family, table: string, chain: string, number: number): string | undefined;
  /** Counters of a line of a table. */
  counters?(family: Family, table: string, chain: string, number: number): Counted | undefined;
}

export interface Counted {
  readonly packets: number;
  readonly bytes: number;
}

/** A journey while it is written. */
interface Draft {
  readonly packet: number;
  readonly cause: number;
  readonly time: number;
  readonly family: 4 | 6;
  readonly origin: Origin;
  readonly summary: string;
  readonly line: string;
  readonly steps: Step[];
  readonly caused: Draft[];
  readonly seen: Snapshot;
  /** The function that is being asked, and the rule that matched last and may still change the packet. */
  hook: Writable<HookStep> | undefined;
  rule: Writable<Asked> | undefined;
  /** Frames that leave are parts of it; they differ from it without having been changed. */
  inParts: boolean;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Packets that wait are remembered, so that they go on under their own number; no more than this many. */
const MOST_WAITING = 4096;

/**
 * Watches a host and writes down every packet's journey. Set it as the host's observer; {@link take} hands out what has
 * been written since.
 */
export class JourneyRecorder implements Observer {
  readonly wantsMisses: boolean;
  readonly #host: Watched;
  readonly #words: PacketWords;
  /** Journeys being written, by the packet's number. */
  readonly #drafts = new Map<number, Draft>();
  /** Those that nobody caused, or whose cause was handed out before. */
  #roots: Draft[] = [];
  /** Packets that were still waiting when their journey was handed out, by their number. */
  readonly #waiting = new Map<number, Draft>();
  /** The one that an event named last: lines of the log are its. */
  #current: Draft | undefined;

  /** Without `misses` rules that did not match are left out, and the packet goes through the compiled tables. */
  constructor(host: Watched, words: PacketWords, misses = true) {
    this.wantsMisses = misses;
    this.#host = host;
    this.#words = words;
  }

  /** The journeys since the last call, in the order in which they began; those that were caused lie in their causes. */
  take(): Journey[] {
    const journeys = this.#roots.map(finished);
    for (const [number, draft] of this.#drafts) {
      const last = draft.steps.findLast(({ kind }) => kind !== 'cause' && kind !== 'log');
      if (last?.kind === 'wait') this.#waiting.set(number, draft);
    }
    for (const number of this.#waiting.keys()) {
      if (this.#waiting.size <= MOST_WAITING) break;
      this.#waiting.delete(number);
    }
    this.#roots = [];
    this.#drafts.clear();
    this.#current = undefined;
    return journeys;
  }

  arrive(packet: Packet, device: number): void {
    const known = this.#known(packet.id);
    const name = this.#host.nameOf(device);
    if (known) {
      this.#current = known;
      known.steps.push({ kind: 'arrive', device: name });
    } else {
      this.#begin(packet, { kind: 'arrived', device: name });
    }
  }

  create(packet: Packet, why: string): void {
    if (!this.#known(packet.id)) this.#begin(packet, { kind: 'made', why });
  }

  route(packet: Packet, route: Route | undefined, why: string): void {
    const device = route ? this.#host.nameOf(route.outDevice) : '';
    this.#step(packet, { kind: 'route', found: route !== undefined, device, why });
  }

  enter(packet: Packet, hook: Hook, name: string, priority: number): void {
    const draft = this.#at(packet);
    const step = {
      kind: 'hook',
      hook: HOOK_NAMES[hook],
      name,
      priority,
      verdict: '',
      asked: [],
      changes: [],
    };
    draft.hook = step as Writable<HookStep>;
    draft.rule = undefined;
    draft.steps.push(draft.hook);
  }

  leave(packet: Packet, _hook: Hook, name: string, verdict: Verdict): void {
    const draft = this.#at(packet);
    if (draft.hook) {
      const connection = this.#host.connection?.(packet, name);
      if (connection) addNote(draft.hook, connection);
      draft.hook.verdict = verdictName(verdict);
      if (verdictKind(verdict) === QUEUE) draft.hook.queue = queueNumber(verdict);
    }
    draft.hook = undefined;
    draft.rule = undefined;
  }

  step(packet: Packet, table: string, chain: string, kind: ChainStep, number: number): void {
    const draft = this.#at(packet);
    // A rule's own event follows and makes it one; what has none is the end of its chain.
    const rule = this.wantsMisses ? undefined : this.#host.rule?.(packet.family, table, chain, number);
    const outcome = kind === 'rule' || rule !== undefined ? 'matched' : kind;
    const counted = this.#host.counters?.(packet.family, table, chain, number);
    draft.rule = { table, chain, number, outcome, ...(rule !== undefined && { rule }), ...counted };
    draft.hook?.asked.push(draft.rule);
  }

  matched(packet: Packet, table: string, chain: string, number: number, rule: string): void {
    const draft = this.#at(packet);
    // Its step was told just before.
    if (draft.rule?.number !== number || draft.rule.chain !== chain || draft.rule.table !== table) return;
    draft.rule.outcome = 'matched';
    draft.rule.rule = rule;
  }

  missed(packet: Packet, table: string, chain: string, number: number, rule: string, why: Mismatch): void {
    const draft = this.#at(packet);
    draft.rule = undefined;
    const { test, value } = why;
    draft.hook?.asked.push({ table, chain, number, outcome: 'missed', rule, test, value });
  }

  choose(packet: Packet, who: string, what: string): void {
    const draft = this.#at(packet);
    if (draft.hook) addNote(draft.hook, `${who}: ${what}`);
  }

  drop(packet: Packet, where: string, reason: string): void {
    this.#step(packet, { kind: 'drop', where, reason });
  }

  deliver(packet: Packet, to: string): void {
    this.#step(packet, { kind: 'deliver', to });
  }

  transmit(packet: Packet, device: number): void {
    const frame = packet.bytes.subarray(packet.link < 0 ? packet.network : packet.link, packet.end);
    const isFrame = packet.link >= 0;
    const words = this.#words;
    this.#step(packet, {
      kind: 'transmit',
      device: this.#host.nameOf(device),
      summary: isFrame ? words.summarizeFrame(frame) : words.summarizePacket(frame),
      line: isFrame ? words.printFrame(frame) : words.printPacket(frame),
      frame: hexOf(frame),
    });
  }

  fragment(packet: Packet, what: string): void {
    const draft = this.#at(packet);
    draft.steps.push({ kind: 'fragment', what });
    draft.inParts = what !== 'reassembled';
    draft.seen.take(packet);
  }

  wait(packet: Packet, what: string): void {
    this.#step(packet, { kind: 'wait', what });
  }

  log(line: string): void {
    const draft = this.#current;
    if (!draft) return;
    if (draft.rule) draft.rule.log = [...(draft.rule.log ?? []), line];
    else draft.steps.push({ kind: 'log', line });
  }

  #step(packet: Packet, step: Step): void {
    this.#at(packet).steps.push(step);
  }

  /** The journey of a packet, with what has changed since its last event written down. */
  #at(packet: Packet): Draft {
    const draft = this.#known(packet.id) ?? this.#begin(packet, { kind: 'made', why: 'by the host' });
    this.#current = draft;
    if (draft.inParts) return draft;
    const changes = draft.seen.changes(packet, this.#words);
    if (changes.length > 0) note(draft, changes);
    return draft;
  }

  /** The journey of a packet by its number; one that had waited and was handed out before goes on in a new one. */
  #known(number: number): Draft | undefined {
    const known = this.#drafts.get(number);
    const waited = known ? undefined : this.#waiting.get(number);
    if (!waited) return known;
    this.#waiting.delete(number);
    const draft: Draft = {
      ...waited,
      time: this.#host.now(),
      origin: { kind: 'resumed' },
      steps: [],
      caused: [],
      hook: undefined,
      rule: undefined,
    };
    this.#drafts.set(number, draft);
    this.#roots.push(draft);
    return draft;
  }

  #begin(packet: Packet, origin: Origin): Draft {
    const words = this.#words;
    // What arrived is told as a frame, and so is what has no IP header.
    const isFrame = packet.link >= 0 && (origin.kind === 'arrived' || !isIp(packet));
    const bytes = packet.bytes.subarray(isFrame ? packet.link : packet.network, packet.end);
    const cause = this.#causeOf(packet, origin);
    const draft: Draft = {
      packet: packet.id,
      cause: cause?.packet ?? packet.cause,
      time: this.#host.now(),
      family: packet.family,
      origin,
      summary: isFrame ? words.summarizeFrame(bytes) : words.summarizePacket(bytes),
      line: isFrame ? words.printFrame(bytes) : words.printPacket(bytes),
      steps: [],
      caused: [],
      seen: new Snapshot(packet),
      hook: undefined,
      rule: undefined,
      inParts: false,
    };
    this.#drafts.set(packet.id, draft);
    if (cause) {
      cause.caused.push(draft);
      cause.steps.push({ kind: 'cause', packet: draft.packet });
    } else {
      this.#roots.push(draft);
    }
    this.#current = draft;
    return draft;
  }

  /** The packet that this one answers; or, if that is not said, the one that was on its way when it was made. */
  #causeOf(packet: Packet, origin: Origin): Draft | undefined {
    if (packet.cause !== 0) return this.#known(packet.cause);
    const current = this.#current;
    if (origin.kind !== 'made' || !current) return undefined;
    const last = current.steps.at(-1)?.kind;
    return last === 'transmit' || last === 'deliver' || last === 'drop' ? undefined : current;
  }
}

function addNote(step: Writable<HookStep>, note: string): void {
  step.notes = [...(step.notes ?? []), note];
}

function isIp({ etherType }: Packet): boolean {
  return etherType === 0x0800 || etherType === 0x86dd;
}

/** Writes changes down where they belong: to the rule that matched last, the function being asked, or the path. */
function note(draft: Draft, changes: readonly Change[]): void {
  if (draft.rule) draft.rule.changes = [...(draft.rule.changes ?? []), ...changes];
  else if (draft.hook) draft.hook.changes.push(...changes);
  else draft.steps.push({ kind: 'change', changes });
}

function finished(draft: Draft): Journey {
  const { packet, cause, time, family, origin, summary, line, steps } = draft;
  return {
    packet,
    ...(cause === 0 ? {} : { cause }),
    time,
    family,
    origin,
    summary,
    line,
    steps,
    end: endOf(steps),
    caused: draft.caused.map(finished),
  };
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}
