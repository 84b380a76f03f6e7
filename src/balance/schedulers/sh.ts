import type { Tuple } from '../../conntrack/tuple.ts';
import type { Backend, Service } from '../service.ts';
import type { Scheduler, SchedulerKind } from './scheduler.ts';

const BUCKETS = 256;
/** 2³² over the golden ratio, as include/linux/hash.h has it. */
const GOLDEN = 0x61c88647;

/**
 * Source hashing: a table of 256 buckets, dealt out in rounds in which each backend gets as many as its weight; the
 * client's address (with `sh-port` its port, too) says which. A bucket whose backend is drained or full has nobody to
 * give, but with `sh-fallback` others are tried in a fixed order. (LVS documentation; ip_vs_sh.c)
 */
class SourceHash implements Scheduler {
  readonly name = 'sh';
  #table: Backend[] = [];
  #bucket = 0;

  choose({ flags }: Service, tuple: Tuple): Backend | undefined {
    const first = this.#hash(tuple, flags.has('sh-port'), 0);
    this.#bucket = first;
    const backend = this.#table[first];
    if (backend === undefined || backend.takesNew) return backend;
    if (!flags.has('sh-fallback')) return undefined;
    for (let i = 0; i < BUCKETS; i++) {
      this.#bucket = this.#hash(tuple, flags.has('sh-port'), (i + first) % BUCKETS);
      const other = this.#table[this.#bucket]!;
      if (other.takesNew) return other;
    }
    return undefined;
  }

  #hash(tuple: Tuple, withPort: boolean, offset: number): number {
    const folded = tuple.src0 ^ tuple.src1 ^ tuple.src2 ^ tuple.src3;
    const spread = Math.imul(folded + (withPort ? tuple.sourcePart : 0), GOLDEN) >>> 24;
    return (offset + spread) % BUCKETS;
  }

  changed({ backends }: Service): void {
    this.#table = [];
    while (backends.length > 0 && this.#table.length < BUCKETS) {
      for (const backend of backends) {
        const share = Math.min(Math.max(backend.weight, 1), BUCKETS - this.#table.length);
        for (let i = 0; i < share; i++) this.#table.push(backend);
      }
    }
  }

  why(): string {
    return `bucket ${this.#bucket} of the source's hash`;
  }
}

export const sh: SchedulerKind = {
  name: 'sh',
  flags: ['sh-fallback', 'sh-port'],
  create: () => new SourceHash(),
};
