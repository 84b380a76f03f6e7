import type { Suspended } from './hooks.ts';
import { MAX_PACKET, type Packet } from './packet.ts';
import { DROP, type Verdict } from './verdict.ts';

/** A packet that waits in a queue for its listener's verdict. */
export interface QueuedPacket {
  /** Number within the queue, from 1 on; {@link QueueListener} answers with it. */
  readonly id: number;
  readonly queue: number;
  readonly hook: number;
  readonly family: number;
  readonly inDevice: number;
  readonly outDevice: number;
  readonly mark: number;
  /** A copy of the IP packet. */
  readonly payload: Uint8Array;
}

/** What a listener may say with its verdict. */
export interface QueueAnswer {
  /** The IP packet that goes on in its stead. */
  readonly payload?: Uint8Array;
  /** A new firewall mark (unsigned 32-bit). */
  readonly mark?: number;
}

/** Gives the verdict on a queued packet; false if it does not wait (any more). */
export type Answer = (id: number, verdict: Verdict, answer?: QueueAnswer) => boolean;

/** Called for each queued packet. It may answer at once or later. */
export type QueueListener = (packet: QueuedPacket, answer: Answer) => void;

export interface QueueOptions {
  /** Most packets that may wait, 1–65535; 1024 as in the kernel if left out. */
  readonly maxLength?: number;
  /** A full queue lets packets go on instead of dropping them. */
  readonly failOpen?: boolean;
}

/** What became of a packet that a verdict sent to a queue: `pass`: it goes on; other words say why it was dropped. */
export type Enqueued = 'queued' | 'pass' | 'nobody listens' | 'the queue is full';

/** The numbered queues to which QUEUE and NFQUEUE send packets (net/netfilter/nfnetlink_queue.c). */
export interface PacketQueues {
  /** Set by the hooks: takes a packet back in. */
  resume: (suspended: Suspended, verdict: Verdict) => void;
  enqueue(queue: number, bypass: boolean, suspended: Suspended): Enqueued;
}

interface Queue {
  readonly listener: QueueListener;
  readonly maxLength: number;
  readonly failOpen: boolean;
  readonly waiting: Map<number, Suspended>;
  serial: number;
}

/** Queues 0–65535, each with at most one listener. Without a listener a packet is dropped, or goes on with bypass. */
export class NumberedQueues implements PacketQueues {
  resume: (suspended: Suspended, verdict: Verdict) => void = () => {};
  /** Called before a packet that was given other bytes goes on; the host finds its headers again. */
  replaced: (packet: Packet) => void = () => {};
  readonly #queues = new Map<number, Queue>();

  /**
   * Listens to a queue. The answer stops listening: what waits is dropped, as when a program that listens exits.
   * @throws {RangeError} for a queue or length outside 0–65535, or if somebody listens there already.
   */
  listen(number: number, listener: QueueListener, options: QueueOptions = {}): () => void {
    const maxLength = options.maxLength ?? 1024;
    if (!Number.isInteger(number) || number < 0 || number > 65535) {
      throw new RangeError(`queue ${number}: must be 0 to 65535`);
    }
    if (!Number.isInteger(maxLength) || maxLength < 1 || maxLength > 65535) {
      throw new RangeError(`queue ${number}: maxLength ${maxLength} must be 1 to 65535`);
    }
    if (this.#queues.has(number)) throw new RangeError(`queue ${number}: somebody listens there already`);
    const queue: Queue = {
      listener,
      maxLength,
      failOpen: options.failOpen ?? false,
      waiting: new Map(),
      serial: 0,
    };
    this.#queues.set(number, queue);
    return () => {
      if (this.#queues.get(number) !== queue) return;
      this.#queues.delete(number);
      const left = [...queue.waiting.values()];
      queue.waiting.clear();
      for (const suspended of left) this.resume(suspended, DROP);
    };
  }

  /** How many packets wait in a queue. */
  length(number: number): number {
    return this.#queues.get(number)?.waiting.size ?? 0;
  }

  enqueue(number: number, bypass: boolean, suspended: Suspended): Enqueued {
    const queue = this.#queues.get(number);
    if (!queue) return bypass ? 'pass' : 'nobody listens';
    if (queue.waiting.size >= queue.maxLength) return queue.failOpen ? 'pass' : 'the queue is full';
    const id = ++queue.serial;
    queue.waiting.set(id, suspended);
    const { packet, hook, family, inDevice, outDevice } = suspended;
    const payload = packet.bytes.slice(packet.network, packet.end);
    queue.listener(
      { id, queue: number, hook, family, inDevice, outDevice, mark: packet.mark, payload },
      (answered, verdict, answer) => this.#answer(queue, answered, verdict, answer),
    );
    return 'queued';
  }

  #answer(queue: Queue, id: number, verdict: Verdict, answer: QueueAnswer | undefined): boolean {
    const suspended = queue.waiting.get(id);
    if (!suspended) return false;
    const { packet } = suspended;
    if (answer?.payload) {
      checkReplacement(answer.payload, packet.family);
      packet.resize(answer.payload.length);
      packet.bytes.set(answer.payload, packet.network);
      this.replaced(packet);
    }
    if (answer?.mark !== undefined) packet.mark = answer.mark >>> 0;
    queue.waiting.delete(id);
    this.resume(suspended, verdict);
    return true;
  }
}

/** The kernel takes any bytes here; we refuse what could not be an IP packet at all, so that the path may rely on it. */
function checkReplacement(payload: Uint8Array, family: number): void {
  const least = family === 6 ? 40 : 20;
  const headerLength = family === 6 ? 40 : ((payload[0] ?? 0) & 15) * 4;
  if (
    payload.length < least ||
    payload.length > MAX_PACKET ||
    headerLength < least ||
    headerLength > payload.length
  ) {
    throw new RangeError(
      `the packet given back to the queue is no IPv${family} packet of ${least} to ${MAX_PACKET} bytes`,
    );
  }
}
