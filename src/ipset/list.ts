import { applyExtras, Entry, emptyKey, isOver } from './entry.ts';
import type { Slot } from './sets.ts';
import type { Extras, SetError, SetSettings } from './settings.ts';
import type { SetType } from './types.ts';

/** A set as an element of a list. */
export class Member extends Entry {
  readonly slot: Slot;

  constructor(slot: Slot) {
    super(emptyKey());
    this.slot = slot;
  }
}

/** Where a member stands or is to stand: right before or right after another. */
export interface Neighbour {
  readonly name: string;
  readonly before: boolean;
}

/** A list of sets, in an order (net/netfilter/ipset/ip_set_list_set.c). */
export class ListSet {
  readonly kind = 'list';
  readonly type: SetType;
  readonly settings: SetSettings;
  #members: Member[] = [];

  constructor(type: SetType, settings: SetSettings) {
    this.type = type;
    this.settings = settings;
  }

  /** All members; some may be over. */
  get members(): readonly Member[] {
    return this.#members;
  }

  *entries(now: number): IterableIterator<Member> {
    for (const member of this.#members) if (!isOver(member, now)) yield member;
  }

  /** Whether the set is a member, and stands where it is said to. */
  has(slot: Slot, where: Neighbour | undefined, now: number): boolean {
    this.#tidy(now);
    const at = this.#at(slot.name);
    if (at < 0 || !where) return at >= 0;
    return this.#members[at + (where.before ? 1 : -1)]?.slot.name === where.name;
  }

  add(
    slot: Slot,
    where: Neighbour | undefined,
    extras: Extras,
    exist: boolean,
    now: number,
  ): SetError | undefined {
    this.#tidy(now);
    const other = where && where.name !== slot.name ? this.#at(where.name) : -1;
    if (where && other < 0) return 'REF_MISSING';
    const at = this.#at(slot.name);
    if (at >= 0 && !exist) return 'EXIST';
    if (at >= 0) {
      applyExtras(this.#members[at]!, extras, this.settings, now);
      return undefined;
    }
    const member = new Member(slot);
    slot.references++;
    applyExtras(member, extras, this.settings, now);
    const place = where ? other + (where.before ? 0 : 1) : this.#members.length;
    this.#members.splice(place, 0, member);
    return undefined;
  }

  remove(slot: Slot, where: Neighbour | undefined, now: number): SetError | undefined {
    this.#tidy(now);
    const at = this.#at(slot.name);
    if (at < 0) return where ? 'REF_MISSING' : 'MISSING';
    if (where && this.#members[at + (where.before ? 1 : -1)]?.slot.name !== where.name) return 'REF_MISSING';
    this.#drop((_, index) => index === at);
    return undefined;
  }

  flush(): void {
    this.#drop(() => true);
  }

  #at(name: string): number {
    return this.#members.findIndex(({ slot }) => slot.name === name);
  }

  /** Lets go of what is over. */
  #tidy(now: number): void {
    if (this.settings.timeout !== undefined) this.#drop((member) => isOver(member, now));
  }

  #drop(goes: (member: Member, index: number) => boolean): void {
    this.#members = this.#members.filter((member, index) => {
      if (!goes(member, index)) return true;
      member.slot.references--;
      return false;
    });
  }
}
