import { type Entry, type IpSet, isOver } from './set.ts';

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

  /** The key for `environment.shared`. */
  static create(): Sets {
    return new Sets();
  }

  get all(): readonly Slot[] {
    return this.#slots.filter((slot) => slot !== undefined);
  }

  find(name: string): Slot | undefined {
    return this.#slots.find((slot) => slot?.name === name);
  }

  /** A new set takes the first free place. */
  add(name: string, set: IpSet): void {
    const free = this.#slots.indexOf(undefined);
    this.#slots[free < 0 ? this.#slots.length : free] = { name, references: 0, set };
  }

  /** Takes it away; the sets that a list held are let go. */
  remove(slot: Slot): void {
    this.flush(slot);
    this.#slots[this.#slots.indexOf(slot)] = undefined;
  }

  flush({ set }: Slot): void {
    for (const entry of set.list) (entry.slot as Slot).references--;
    set.flush();
  }

  /** Lets go of what is over in a list. */
  tidy({ set }: Slot, now: number): void {
    for (const entry of set.list.filter((one) => isOver(one, now))) this.drop(set, entry);
  }

  drop(set: IpSet, entry: Entry): void {
    (entry.slot as Slot).references--;
    set.list.splice(set.list.indexOf(entry), 1);
  }
}
