import type { Asked, Change, HookStep, Journey, Step } from './journey.ts';

/** What a piece of text is; a terminal may show it by a colour. */
export type Style =
  | 'plain'
  | 'packet'
  | 'hook'
  | 'table'
  | 'match'
  | 'miss'
  | 'value'
  | 'change'
  | 'quiet'
  | 'passed'
  | 'dropped'
  | 'waiting';

export interface Piece {
  readonly text: string;
  readonly style: Style;
}

/** One line of text in pieces; joined, they are the line without colours. */
export type Line = readonly Piece[];

export interface TextOptions {
  /** Every rule that was asked, every field that changed, packets in full. */
  readonly verbose?: boolean;
  /** Columns that a line should not be longer than; 110 if left out. */
  readonly width?: number;
}

/** Rules in a row that did not match are told one by one up to this many. */
const MOST_MISSES = 8;
/** Of a longer row those that came nearest are told. */
const NEAREST_MISSES = 4;

/** A journey, and those that it caused, as lines of text. */
export function journeyText(journey: Journey, options: TextOptions = {}): Line[] {
  const writer = new Writer(options.verbose ?? false, options.width ?? 110);
  writer.journey(journey, undefined);
  return writer.lines;
}

/** The lines without colours. */
export function plainText(lines: readonly Line[]): string {
  return lines.map((line) => `${line.map(({ text }) => text).join('')}\n`).join('');
}

class Writer {
  readonly lines: Line[] = [];
  readonly #verbose: boolean;
  readonly #width: number;
  #hook = '';

  constructor(verbose: boolean, width: number) {
    this.#verbose = verbose;
    this.#width = width;
  }

  journey(journey: Journey, cause: Journey | undefined): void {
    this.#heading(journey, cause);
    this.#hook = '';
    for (const step of journey.steps) this.#step(step, journey);
    this.#verdict(journey);
    for (const caused of journey.caused) {
      this.#add();
      this.journey(caused, journey);
    }
  }

  #add(...pieces: readonly (Piece | string)[]): void {
    this.lines.push(pieces.map((piece) => (typeof piece === 'string' ? plain(piece) : piece)));
  }

  #heading({ origin, summary, line }: Journey, cause: Journey | undefined): void {
    const what = packet(this.#verbose ? line : summary);
    const because = cause ? 'because of it: ' : '';
    if (origin.kind === 'arrived') this.#add(because, what, ` arrives at ${origin.device}`);
    else if (origin.kind === 'made') this.#add(because, what, quiet(`  (${origin.why})`));
    else this.#add(what, ' goes on');
  }

  #step(step: Step, journey: Journey): void {
    if (step.kind === 'hook') {
      this.#hookStep(step);
      return;
    }
    this.#hook = '';
    if (step.kind === 'change') this.#changes(step.changes, '  ');
    else if (step.kind === 'log') this.#log(step.line, '  ');
    else if (!isToldByEnd(step, journey)) this.#add(...this.#stepPieces(step, journey));
  }

  #stepPieces(step: Exclude<Step, { kind: 'hook' | 'change' | 'log' }>, journey: Journey): Piece[] {
    switch (step.kind) {
      case 'drop':
        return [heading('dropped'), plain(` ${step.reason}`)];
      case 'arrive':
        return [plain(`  arrives at ${step.device}`)];
      case 'route':
        return [heading('routing'), plain(step.device ? ` → ${step.device}  ` : '  '), quiet(step.why)];
      case 'deliver':
        return [heading('delivered'), plain(` ${step.to}`)];
      case 'transmit':
        return [
          heading('leaves'),
          plain(` by ${step.device}  `),
          packet(this.#verbose ? step.line : step.summary),
        ];
      case 'fragment':
        return [heading('fragments'), plain(` ${step.what}`)];
      case 'wait':
        return [{ text: 'waits', style: 'waiting' }, plain(` for ${step.what}`)];
      case 'cause': {
        const made = journey.caused.find(({ packet }) => packet === step.packet);
        return [quiet('  makes '), packet(made?.summary ?? `packet ${step.packet}`)];
      }
    }
  }

  #hookStep(step: HookStep): void {
    if (step.hook !== this.#hook) this.#add(heading(step.hook));
    this.#hook = step.hook;
    const { asked, name, priority, verdict } = step;
    const first = asked[0];
    if (!first) {
      const isPlain = verdict === 'ACCEPT' && step.changes.length === 0;
      const what = verdict === 'QUEUE' ? `QUEUE to ${step.queue}` : verdict;
      this.#add(`  ${name} `, quiet(`(priority ${priority})`), '  ', isPlain ? quiet(what) : plain(what));
    } else if (asked.length === 1 && first.outcome === 'policy') {
      this.#add('  ', table(`${first.table} ${first.chain}`), quiet(`  no rules, policy ${verdict}`));
    } else {
      this.#chains(asked, verdict);
    }
    for (const note of step.notes ?? []) this.#add('    ', quiet(note));
    this.#changes(step.changes, '    ');
  }

  /** The lines that a table was asked, each chain further in than the one that called it. */
  #chains(asked: readonly Asked[], verdict: string): void {
    const open: string[] = [];
    let row: Asked[] = [];
    const flush = (): void => {
      if (row.length > 0) this.#misses(row, indent(open.length));
      row = [];
    };
    for (const [index, line] of asked.entries()) {
      if (open.at(-1) !== line.chain) {
        flush();
        this.#enterChain(open, line);
      }
      if (line.outcome === 'missed') {
        row.push(line);
        continue;
      }
      flush();
      this.#matched(line, indent(open.length), index === asked.length - 1 ? verdict : '');
    }
    flush();
  }

  /** Goes into a chain, or back to one that called. */
  #enterChain(open: string[], { table: name, chain }: Asked): void {
    const depth = open.lastIndexOf(chain);
    if (depth >= 0) {
      open.length = depth + 1;
      this.#add(indent(depth), quiet(`back in ${chain}`));
      return;
    }
    open.push(chain);
    this.#add(indent(open.length - 1), table(`${name} ${chain}`));
  }

  #matched(line: Asked, margin: string, verdict: string): void {
    if (line.rule === undefined) {
      const text = `policy ${verdict}`.trimEnd();
      if (line.outcome === 'policy') this.#add(`${margin}      `, quiet(`${text}${this.#counters(line)}`));
      return;
    }
    const number = String(line.number).padStart(3);
    this.#add(
      `${margin}`,
      { text: '✓', style: 'match' },
      `${number}  `,
      plain(ruleText(line)),
      quiet(this.#counters(line)),
    );
    this.#changes(line.changes ?? [], `${margin}      `);
    for (const entry of line.log ?? []) this.#log(entry, `${margin}      `);
  }

  #counters({ packets, bytes }: Asked): string {
    return this.#verbose && packets !== undefined ? `   [${packets}:${bytes}]` : '';
  }

  /** Rules that did not match; of a long row the nearest ones, and how many there were. */
  #misses(row: readonly Asked[], margin: string): void {
    if (this.#verbose || row.length <= MOST_MISSES) {
      for (const line of row) this.#miss(line, margin);
      return;
    }
    const kept = new Set([...row].sort((a, b) => nearness(b) - nearness(a)).slice(0, NEAREST_MISSES));
    const others = row.filter((line) => !kept.has(line));
    for (const line of row) if (kept.has(line)) this.#miss(line, margin);
    const from = row[0]!.number;
    const to = row.at(-1)!.number;
    const text = `${others.length} more of rules ${from} to ${to} do not match (${reasons(others)})`;
    this.#add(`${margin}`, { text: '✗', style: 'miss' }, '  …  ', quiet(text));
  }

  #miss(line: Asked, margin: string): void {
    const number = String(line.number).padStart(3);
    const rule = quiet(ruleText(line));
    const why: Piece[] = [quiet(`${line.test}, but `), { text: line.value ?? '', style: 'value' }];
    const begin: (Piece | string)[] = [margin, { text: '✗', style: 'miss' }, `${number}  `];
    const length = margin.length + 6 + rule.text.length + 3 + why[0]!.text.length + why[1]!.text.length;
    if (length <= this.#width) {
      this.#add(...begin, rule, '   ', ...why);
    } else {
      this.#add(...begin, rule);
      this.#add(`${margin}      `, ...why);
    }
  }

  #changes(changes: readonly Change[], margin: string): void {
    for (const { field, before, after, computed } of changes) {
      if (computed && !this.#verbose) continue;
      const text = `${fieldName(field)} ${shorten(before, this.#verbose)} → ${shorten(after, this.#verbose)}`;
      this.#add(margin, { text, style: 'change' });
    }
  }

  #log(line: string, margin: string): void {
    this.#add(margin, quiet('log  '), plain(line.replace(/^<\d>/, '')));
  }

  #verdict({ end }: Journey): void {
    const style: Style =
      end.kind === 'dropped'
        ? 'dropped'
        : end.kind === 'waiting' || end.kind === 'stolen'
          ? 'waiting'
          : 'passed';
    this.#add({ text: end.text, style });
  }
}

/** Does the verdict at the end say the same? */
function isToldByEnd({ kind }: Step, { end }: Journey): boolean {
  if (kind === 'drop') return end.kind === 'dropped';
  if (kind === 'deliver') return end.kind === 'delivered';
  return kind === 'wait' && end.kind === 'waiting';
}

const heading = (text: string): Piece => ({ text, style: 'hook' });
const packet = (text: string): Piece => ({ text, style: 'packet' });
const plain = (text: string): Piece => ({ text, style: 'plain' });
const quiet = (text: string): Piece => ({ text, style: 'quiet' });
const table = (text: string): Piece => ({ text, style: 'table' });
const indent = (depth: number): string => '  '.repeat(depth + 1);

/** The rule without the chain's name, which stands above it. */
function ruleText({ rule, chain }: Asked): string {
  const front = `-A ${chain} `;
  return rule?.startsWith(front) ? rule.slice(front.length) : (rule ?? '');
}

/** How much of a rule held before the test that failed: the options in front of it. */
function nearness(line: Asked): number {
  const at = line.test ? ruleText(line).indexOf(line.test.replace(/^-m \S+ /, '')) : 0;
  return at <= 0 ? 0 : ruleText(line).slice(0, at).split(/ -/).length;
}

/** `12 by -p udp, 3 by -s`: the tests that failed most, by their option. */
function reasons(row: readonly Asked[]): string {
  const counts = new Map<string, number>();
  for (const { test = '' } of row) {
    const option = /(! )?--?[a-z][a-z-]*/.exec(test.replace(/^-m \S+ /, ''))?.[0] ?? test;
    counts.set(option, (counts.get(option) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([option, count]) => `${count} by ${option}`).join(', ');
}

/** `ttl`, not `ip.ttl`, where no reader could mistake it. */
function fieldName(field: string): string {
  return field.replace(/^ip\.(ttl|hlim|tos|tclass|src|dst|df|mf|offset|flowlabel)$/, '$1');
}

const MOST_OF_A_VALUE = 60;

function shorten(value: string, verbose: boolean): string {
  if (verbose || value.length <= MOST_OF_A_VALUE) return value;
  return `${value.slice(0, MOST_OF_A_VALUE - 1)}…`;
}
