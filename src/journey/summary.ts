import { decisionText } from './end.ts';
import type { End, Journey } from './journey.ts';
import type { Line } from './text.ts';

/** How many packets ended how. */
export class EndCounts {
  /** Packets that came from outside, and those that the host itself made. */
  packets = 0;
  made = 0;
  readonly #ends = new Map<End['kind'], number>();
  readonly #reasons = new Map<string, { readonly kind: End['kind']; count: number }>();

  /** Counts an end, or takes one back; `reason`: {@link reasonOf} it. */
  count(kind: End['kind'], reason: string, by: number): void {
    this.#ends.set(kind, (this.#ends.get(kind) ?? 0) + by);
    const known = this.#reasons.get(reason);
    if (known) known.count += by;
    else this.#reasons.set(reason, { kind, count: by });
  }

  /** Data for machines. */
  data(): EndCountsData {
    return {
      packets: this.packets,
      ends: Object.fromEntries([...this.#ends].filter(([, count]) => count > 0)),
      reasons: this.#sorted().map(([reason, { kind, count }]) => ({ kind, reason, packets: count })),
      made: this.made,
    };
  }

  /** For people; of the reasons no more than `most`. */
  lines(most = Number.POSITIVE_INFINITY): Line[] {
    const total = `${this.packets} packet${this.packets === 1 ? '' : 's'}`;
    const ended = [...this.#ends].filter(([, count]) => count > 0);
    const ends = ended.map(([kind, count]) => `${count} ${END_WORDS[kind]}`).join(', ');
    const made = this.made > 0 ? `; the host made ${this.made}` : '';
    const lines: Line[] = [[{ text: `${total}: ${ends}${made}`, style: 'hook' }]];
    const sorted = this.#sorted();
    for (const [reason, { kind, count }] of sorted.slice(0, most)) {
      const style = kind === 'dropped' ? 'dropped' : kind === 'waiting' ? 'waiting' : 'passed';
      lines.push([
        { text: `${String(count).padStart(6)}  `, style: 'plain' },
        { text: reason, style },
      ]);
    }
    if (sorted.length > most) {
      lines.push([{ text: `        and ${sorted.length - most} other ways to end`, style: 'quiet' }]);
    }
    return lines;
  }

  /** Drops first, then what passed, the most frequent first. */
  #sorted(): [string, { kind: End['kind']; count: number }][] {
    const rank = ({ kind }: { kind: End['kind'] }): number =>
      kind === 'dropped' ? 0 : kind === 'sent' ? 2 : 1;
    return [...this.#reasons]
      .filter(([, { count }]) => count > 0)
      .sort(([, a], [, b]) => rank(a) - rank(b) || b.count - a.count);
  }
}

export interface EndCountsData {
  readonly packets: number;
  readonly ends: Partial<Record<End['kind'], number>>;
  readonly reasons: readonly {
    readonly kind: End['kind'];
    readonly reason: string;
    readonly packets: number;
  }[];
  readonly made: number;
}

/** What became of many packets, counted from their journeys as they come. */
export class JourneySummary {
  readonly #counts = new EndCounts();
  /** Packets that wait, by their number; what becomes of them later counts instead. */
  readonly #waiting = new Map<number, End>();

  /** `isGiven`: the packet came from outside; the host itself made the others. */
  add(journey: Journey, isGiven = true): void {
    const counts = this.#counts;
    const { packet, end, origin } = journey;
    const before = origin.kind === 'resumed' ? this.#waiting.get(packet) : undefined;
    if (before) {
      counts.count(before.kind, reasonOf(before), -1);
      this.#waiting.delete(packet);
    }
    counts.made += countCaused(journey);
    if (!isGiven && !before) {
      counts.made++;
      return;
    }
    if (!before) counts.packets++;
    counts.count(end.kind, reasonOf(end), 1);
    if (end.kind === 'waiting') this.#waiting.set(packet, end);
  }

  /** A packet that a local process could not even send, and the error it got. */
  addRefused(error: string): void {
    this.#counts.packets++;
    this.#counts.count('dropped', `the sender gets ${error}`, 1);
  }

  /** Data for machines. */
  data(): EndCountsData {
    return this.#counts.data();
  }

  lines(): Line[] {
    return this.#counts.lines();
  }
}

const END_WORDS: Readonly<Record<End['kind'], string>> = {
  sent: 'sent on',
  delivered: 'delivered',
  dropped: 'dropped',
  waiting: 'waiting',
  stolen: 'stolen',
  replaced: 'replaced',
};

/** Packets that ended alike have the same words here: without the devices and names of one of them. */
export function reasonOf(end: End): string {
  if (!end.by) return end.reason ?? end.text;
  return `${END_WORDS[end.kind]} by ${decisionText(end.by)}`;
}

function countCaused(journey: Journey): number {
  return journey.caused.reduce((sum, caused) => sum + 1 + countCaused(caused), 0);
}
