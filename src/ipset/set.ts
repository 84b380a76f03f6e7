import { BitmapSet } from './bitmap.ts';
import type { Counting, Entry, Key } from './entry.ts';
import { HashSet } from './hash.ts';
import { ListSet } from './list.ts';
import type { Extras, SetError, SetSettings } from './settings.ts';
import type { SetType } from './types.ts';

/** What sets of elements can do; what is over stays until somebody looks, and is never seen. Times are microseconds. */
export interface ElementSet {
  readonly type: SetType;
  readonly settings: SetSettings;
  /** The elements that are not over. */
  entries(now: number): IterableIterator<Entry>;
  /** The element that a key falls into, counting the packet if one is given. */
  find(key: Key, now: number, counting?: Counting): Entry | undefined;
  /** The element of exactly this key, as `test` of a whole network asks. */
  exact(key: Key, now: number): Entry | undefined;
  /** @returns undefined if it is in the set now. */
  add(key: Key, extras: Extras, exist: boolean, now: number): SetError | undefined;
  /** @returns undefined if it was there. */
  remove(key: Key, now: number): SetError | undefined;
  flush(): void;
}

export type IpSet = HashSet | BitmapSet | ListSet;

/** An empty set. `seed` scatters the elements of a hash. */
export function createSet(type: SetType, settings: SetSettings, seed: number): IpSet {
  if (type.method === 'hash') return new HashSet(type, settings, seed);
  return type.method === 'bitmap' ? new BitmapSet(type, settings) : new ListSet(type, settings);
}
