import type { IpSet } from './set.ts';

/** A place that rules and lists point at: its name stays, the set in it may be swapped. */
export interface Slot {
  name: string;
  /** Rules and lists that use it. */
  references: number;
  set: IpSet;
}

/** All sets of a host, in the order of their places. */
export class Sets {
  readonly #slots: (Slot | undefined)[] = [];
  readonly #byName = new Map<string, Slot>();

  /** The key for `environment.shared`. */
  static create(): Sets {
    return new Sets();
  }

  get all(): readonly Slot[] {
    return this.#slots.filter((slot) => slot !== undefined);
  }

  find(name: string): Slot | undefined {
    return this.#byName.get(name);
  }

  /** A new set takes the first free place. */
  add(name: string, set: IpSet): void {
    const free = this.#slots.indexOf(undefined);
    const slot: Slot = { name, references: 0, set };
    this.#slots[free < 0 ? this.#slots.length : free] = slot;
    this.#byName.set(name, slot);
  }

  /** Takes it away; the sets that a list held are let go. */
  remove(slot: Slot): void {
    slot.set.flush();
    this.#slots[this.#slots.indexOf(slot)] = undefined;
    this.#byName.delete(slot.name);
  }

  rename(slot: Slot, name: string): void {
    this.#byName.delete(slot.name);
    slot.name = name;
    this.#byName.set(name, slot);
  }
}
