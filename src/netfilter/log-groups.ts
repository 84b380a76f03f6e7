import type { HookState } from './hooks.ts';
import type { Packet } from './packet.ts';

/** What a listener of a group is given (net/netfilter/nfnetlink_log.c). */
export interface LoggedPacket {
  readonly group: number;
  readonly prefix: string;
  readonly hook: number;
  readonly family: number;
  readonly inDevice: number;
  readonly outDevice: number;
  readonly mark: number;
  /** A copy of the IP packet, or of its beginning. */
  readonly payload: Uint8Array;
  /** How long the packet is itself, in bytes. */
  readonly length: number;
}

export type LogListener = (packet: LoggedPacket) => void;

/** The groups to which NFLOG hands packets: 0–65535, each with at most one listener. Without one nothing happens. */
export class LogGroups {
  readonly #listeners = new Map<number, LogListener>();

  /**
   * Listens to a group. The answer stops listening.
   * @throws {RangeError} for a group outside 0–65535, or if somebody listens there already.
   */
  listen(group: number, listener: LogListener): () => void {
    if (!Number.isInteger(group) || group < 0 || group > 65535) {
      throw new RangeError(`group ${group}: must be 0 to 65535`);
    }
    if (this.#listeners.has(group)) throw new RangeError(`group ${group}: somebody listens there already`);
    this.#listeners.set(group, listener);
    return () => {
      if (this.#listeners.get(group) === listener) this.#listeners.delete(group);
    };
  }

  /** Hands a copy of at most `size` bytes of the packet to the group's listener. */
  publish(group: number, prefix: string, size: number, packet: Packet, state: HookState): void {
    const listener = this.#listeners.get(group);
    if (!listener) return;
    const { bytes, network, end, family, mark } = packet;
    const { hook, inDevice, outDevice } = state;
    const length = end - network;
    const payload = bytes.slice(network, network + Math.min(size, length));
    listener({ group, prefix, hook, family, inDevice, outDevice, mark, payload, length });
  }
}
