import { decisionText } from './end.ts';
import type { End, Journey } from './journey.ts';
import type { Line } from './text.ts';

/** What became of many packets, counted as they come. */
export class JourneySummary {
  #packets = 0;
  #caused = 0;
  readonly #ends = new Map<End['kind'], number>();
  readonly #reasons = new Map<string, { kind: End['kind']; count: number }>();

  add(journey: Journey): void {
    this.#packets++;
    this.#ends.set(journey.end.kind, (this.#ends.get(journey.end.kind) ?? 0) + 1);
    const reason = reasonOf(journey.end);
    const known = this.#reasons.get(reason);
    if (known) known.count++;
    else this.#reasons.set(reason, { kind: journey.end.kind, count: 1 });
    this.#caused += countCaused(journey);
  }

  /** Data for machines. */
  data(): {
    packets: number;
    ends: Partial<Record<End['kind'], number>>;
    reasons: { kind: End['kind']; reason: string; packets: number }[];
    caused: number;
  } {
    return {
      packets: this.#packets,
      ends: Object.fromEntries(this.#ends),
      reasons: this.#sorted().map(([reason, { kind, count }]) => ({ kind, reason, packets: count })),
      caused: this.#caused,
    };
  }

  lines(): Line[] {
    const total = `${this.#packets} packet${this.#packets === 1 ? '' : 's'}`;
    const ends = [...this.#ends].map(([kind, count]) => `${count} ${END_WORDS[kind]}`).join(', ');
    const made = this.#caused > 0 ? `; ${this.#caused} made in answer` : '';
    const lines: Line[] = [[{ text: `${total}: ${ends}${made}`, style: 'hook' }]];
    for (const [reason, { kind, count }] of this.#sorted()) {
      const style = kind === 'dropped' ? 'dropped' : kind === 'waiting' ? 'waiting' : 'passed';
      lines.push([
        { text: `${String(count).padStart(6)}  `, style: 'plain' },
        { text: reason, style },
      ]);
    }
    return lines;
  }

  /** Drops first, then what passed, the most frequent first. */
  #sorted(): [string, { kind: End['kind']; count: number }][] {
    const rank = ({ kind }: { kind: End['kind'] }): number =>
      kind === 'dropped' ? 0 : kind === 'sent' ? 2 : 1;
    return [...this.#reasons].sort(([, a], [, b]) => rank(a) - rank(b) || b.count - a.count);
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
  if (!end.by) return end.text;
  return `${END_WORDS[end.kind]} by ${decisionText(end.by)}`;
}

function countCaused(journey: Journey): number {
  return journey.caused.reduce((sum, caused) => sum + 1 + countCaused(caused), 0);
}
