/** When something happened, for putting several captures into one order. */
export interface Timed {
  readonly seconds: number;
  readonly nanoseconds: number;
}

interface Source<T> {
  readonly iterator: AsyncIterator<readonly T[]>;
  batch: readonly T[];
  next: number;
}

/**
 * Several captures as one, in the order of time; of equal times the earlier source's first. Each source is asked for its next
 * batch only when its last one is used up, and its own order is kept even where its times go back.
 */
export async function* mergeByTime<T>(
  sources: readonly AsyncIterable<readonly T[]>[],
  timeOf: (one: T) => Timed,
): AsyncGenerator<readonly T[]> {
  const open: Source<T>[] = [];
  for (const source of sources) {
    const one = { iterator: source[Symbol.asyncIterator](), batch: [], next: 0 };
    if (await refill(one)) open.push(one);
  }
  while (open.length > 1) {
    const { merged, empty } = mergeHeld(open, timeOf);
    yield merged;
    if (!(await refill(empty))) open.splice(open.indexOf(empty), 1);
  }
  const [last] = open;
  if (!last) return;
  do yield last.next === 0 ? last.batch : last.batch.slice(last.next);
  while (await refill(last));
}

/** Merges what is held, until one source has nothing left. */
function mergeHeld<T>(
  open: readonly Source<T>[],
  timeOf: (one: T) => Timed,
): { merged: T[]; empty: Source<T> } {
  const merged: T[] = [];
  for (;;) {
    let first = open[0]!;
    for (const source of open) {
      if (isBefore(timeOf(source.batch[source.next]!), timeOf(first.batch[first.next]!))) first = source;
    }
    merged.push(first.batch[first.next++]!);
    if (first.next === first.batch.length) return { merged, empty: first };
  }
}

async function refill<T>(source: Source<T>): Promise<boolean> {
  for (;;) {
    const { done, value } = await source.iterator.next();
    if (done) return false;
    if (value.length === 0) continue;
    source.batch = value;
    source.next = 0;
    return true;
  }
}

function isBefore(one: Timed, two: Timed): boolean {
  return one.seconds < two.seconds || (one.seconds === two.seconds && one.nanoseconds < two.nanoseconds);
}
