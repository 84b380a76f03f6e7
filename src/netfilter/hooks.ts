import { ERRNO, type Family, type Hook } from './constants.ts';
import type { Observer } from './observer.ts';
import type { Packet } from './packet.ts';
import type { PacketQueues } from './queues.ts';
import {
  ACCEPT,
  DROP,
  dropError,
  QUEUE,
  queueBypass,
  REPEAT,
  STOLEN,
  type Verdict,
  verdictKind,
} from './verdict.ts';

/** Where a packet stands when a hook function is asked: the kernel's nf_hook_state. Reused: do not keep it. */
export class HookState {
  hook: Hook = 0;
  family: Family = 4;
  /** Interface it came in by; 0 in OUTPUT and for the host's own packets in POSTROUTING. */
  inDevice = 0;
  /** Interface it will leave by; 0 in PREROUTING and INPUT. */
  outDevice = 0;
}

/** A function hooked in: looks at the packet, may change it, and answers with a verdict. */
export type HookFunction = (packet: Packet, state: HookState) => Verdict;

/** What is registered: where, when in the order, and the function. */
export interface HookRegistration {
  /** Shown in journeys and lists: `iptable_filter`, `my counter`. */
  readonly name: string;
  /** 4, 6, or both if left out. */
  readonly family?: Family;
  readonly hook: Hook | readonly Hook[];
  /** Lower runs first; see PRIORITY for the kernel's own. Functions of equal priority run in the order of registration. */
  readonly priority: number;
  readonly run: HookFunction;
}

/** Where the packet goes when all functions have accepted it: 0, or a negative error number. */
export type Continuation = (packet: Packet) => number;

interface Entry {
  readonly name: string;
  readonly priority: number;
  readonly run: HookFunction;
}

/** A packet that left a hook by QUEUE, with what it needs to come back. */
export interface Suspended {
  readonly packet: Packet;
  readonly family: Family;
  readonly hook: Hook;
  readonly inDevice: number;
  readonly outDevice: number;
  readonly next: Continuation;
  /** Place of the function that queued it in the list of its hook. */
  readonly position: number;
}

/** A function that answers REPEAT this often about one packet would repeat for ever. */
const MOST_REPEATS = 64;

/** The five hooks of both families. */
export class Hooks {
  /** Who watches; undefined if nobody. */
  observer: Observer | undefined = undefined;
  /** Called for a packet that a hook drops; the host gives it back to its pool. */
  onDrop: (packet: Packet) => void = () => {};
  readonly #queues: PacketQueues;
  readonly #lists: Entry[][] = Array.from({ length: 10 }, () => []);
  // States are kept one for each depth: a hook function may send a packet of its own (REJECT does).
  readonly #states: HookState[] = [];
  #depth = 0;

  constructor(queues: PacketQueues) {
    this.#queues = queues;
    queues.resume = (suspended, verdict) => this.#resume(suspended, verdict);
  }

  /** Hooks a function in; the answer takes it out again. */
  register(registration: HookRegistration): () => void {
    const { name, priority, run } = registration;
    if (!Number.isInteger(priority) || priority !== (priority | 0)) {
      throw new RangeError(`hook function '${name}': priority ${priority} is not a 32-bit integer`);
    }
    const hooks = typeof registration.hook === 'number' ? [registration.hook] : registration.hook;
    const families: Family[] = registration.family ? [registration.family] : [4, 6];
    const entry: Entry = { name, priority, run };
    const places = families.flatMap((family) => hooks.map((hook) => listIndex(family, hook)));
    for (const place of places) {
      const list = this.#lists[place];
      if (!list) throw new RangeError(`hook function '${name}': there is no such hook`);
      const at = list.findIndex((other) => other.priority > priority);
      // A new list, so that a packet in the midst of the old one is not disturbed.
      this.#lists[place] = at < 0 ? [...list, entry] : [...list.slice(0, at), entry, ...list.slice(at)];
    }
    return () => {
      for (const place of places) {
        this.#lists[place] = this.#lists[place]!.filter((other) => other !== entry);
      }
    };
  }

  /** Names and priorities of what is registered at a hook, in order. */
  list(family: Family, hook: Hook): readonly { readonly name: string; readonly priority: number }[] {
    return this.#lists[listIndex(family, hook)]!;
  }

  /**
   * Runs a hook (NF_HOOK). If all accept, calls `next` and returns its answer. A drop returns -EPERM or the error the
   * verdict carries; a stolen or queued packet returns 0.
   */
  run(
    packet: Packet,
    family: Family,
    hook: Hook,
    inDevice: number,
    outDevice: number,
    next: Continuation,
  ): number {
    const list = this.#lists[listIndex(family, hook)]!;
    if (list.length === 0) return next(packet);
    return this.#walk(list, 0, packet, family, hook, inDevice, outDevice, next);
  }

  #walk(
    list: readonly Entry[],
    from: number,
    packet: Packet,
    family: Family,
    hook: Hook,
    inDevice: number,
    outDevice: number,
    next: Continuation,
  ): number {
    const depth = this.#depth++;
    let state = this.#states[depth];
    if (state === undefined) {
      state = new HookState();
      this.#states[depth] = state;
    }
    let stopped = ACCEPT;
    let position = from;
    try {
      for (let repeats = 0; position < list.length; position++) {
        state.hook = hook;
        state.family = family;
        state.inDevice = inDevice;
        state.outDevice = outDevice;
        const entry = list[position]!;
        const observer = this.observer;
        observer?.enter?.(packet, hook, entry.name, entry.priority);
        const verdict = entry.run(packet, state);
        observer?.leave?.(packet, hook, entry.name, verdict);
        const kind = verdictKind(verdict);
        if (kind === ACCEPT) {
          repeats = 0;
        } else if (kind === REPEAT && ++repeats < MOST_REPEATS) {
          position--;
        } else {
          stopped = kind === REPEAT ? DROP : verdict;
          if (
            kind !== QUEUE ||
            this.#enqueue(verdict, packet, family, hook, inDevice, outDevice, next, position)
          ) {
            break;
          }
          stopped = ACCEPT;
        }
      }
    } finally {
      this.#depth = depth;
    }
    if (stopped === ACCEPT) return next(packet);
    return this.#end(packet, stopped, list[position]!.name);
  }

  #end(packet: Packet, verdict: Verdict, name: string): number {
    const kind = verdictKind(verdict);
    if (kind === STOLEN || kind === QUEUE) return 0;
    this.observer?.drop?.(packet, name, 'verdict DROP');
    this.onDrop(packet);
    return -(dropError(verdict) || ERRNO.EPERM);
  }

  /** True if the packet does not go on now: it waits, or was dropped for want of a listener. */
  #enqueue(
    verdict: Verdict,
    packet: Packet,
    family: Family,
    hook: Hook,
    inDevice: number,
    outDevice: number,
    next: Continuation,
    position: number,
  ): boolean {
    const taken = this.#queues.enqueue(verdict >>> 16, queueBypass(verdict), {
      packet,
      family,
      hook,
      inDevice,
      outDevice,
      next,
      position,
    });
    if (taken === 'queued') {
      this.observer?.wait?.(packet, `queue ${verdict >>> 16}`);
      return true;
    }
    if (taken === 'pass') return false;
    this.observer?.drop?.(packet, `queue ${verdict >>> 16}`, taken);
    this.onDrop(packet);
    return true;
  }

  #resume(suspended: Suspended, verdict: Verdict): void {
    const { packet, family, hook, inDevice, outDevice, next, position } = suspended;
    const list = this.#lists[listIndex(family, hook)]!;
    const kind = verdictKind(verdict);
    if (kind === ACCEPT || kind === REPEAT) {
      const from = kind === REPEAT ? position : position + 1;
      this.#walk(list, from, packet, family, hook, inDevice, outDevice, next);
    } else if (kind === QUEUE) {
      if (!this.#enqueue(verdict, packet, family, hook, inDevice, outDevice, next, position)) {
        this.#walk(list, position + 1, packet, family, hook, inDevice, outDevice, next);
      }
    } else if (kind === DROP) {
      this.observer?.drop?.(packet, 'queue', 'the listener dropped it');
      this.onDrop(packet);
    }
  }
}

function listIndex(family: Family, hook: Hook): number {
  return family === 4 ? hook : 5 + hook;
}
