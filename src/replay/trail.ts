import type { Connection } from '../conntrack/connection.ts';
import type { Step } from '../journey/journey.ts';
import type { Family, HookName } from '../netfilter/constants.ts';
import type { ChainStep } from '../netfilter/observer.ts';

/** A line of a table that packets reached: a rule, or the end of a chain. */
export interface TableLine {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** Counts from 1. */
  readonly number: number;
  readonly outcome: Exclude<ChainStep, 'rule'> | 'matched';
  /** The rule as `-S` prints it; undefined for a chain's end. */
  readonly rule: string | undefined;
  /** Names the line among all lines, from 1. */
  readonly id: number;
  packets: number;
  bytes: number;
}

/** The last thing that happened to a packet, of those that decide what became of it. */
export type Last = 'nothing' | 'hook' | 'drop' | 'wait' | 'deliver' | 'transmit' | 'fragment';

/** What is kept of a packet's way while it is on it: enough to say what became of it, and no text of its own. */
export class Trail {
  readonly packet: number;
  readonly family: Family;
  /** Device it came by; 0 for one that the host made. */
  readonly device: number;
  /** Why the host made it; '' for one that arrived. */
  readonly why: string;
  /** Number of the captured frame whose packet it is, from 1; 0 for others. */
  given = 0;
  last: Last = 'nothing';
  /** Of a drop: who, and the reason; of a wait, a delivery or a fragment: what the path says. */
  where = '';
  what = '';
  hook: HookName | '' = '';
  hooked = '';
  verdict = '';
  /** The function being asked: its first line's table, and its last line. */
  table = '';
  line: TableLine | undefined = undefined;
  /** That line is a rule that could not be asked, for the packet's headers lie. */
  malformed = false;
  /** The line that let the packet pass: of table filter, or of the last table that was asked. */
  passed: TableLine | undefined = undefined;
  #passedFilter = false;
  /** The host answered it. */
  answered = false;
  /** Devices it left by, and in how many frames. */
  devices: number[] = [];
  frames = 0;
  connection: Connection | undefined = undefined;

  constructor(packet: number, family: Family, device: number, why: string) {
    this.packet = packet;
    this.family = family;
    this.device = device;
    this.why = why;
  }

  enter(hook: HookName, name: string): void {
    this.last = 'hook';
    this.hook = hook;
    this.hooked = name;
    this.verdict = '';
    this.table = '';
    this.line = undefined;
    this.malformed = false;
  }

  reach(line: TableLine): void {
    if (this.table === '') this.table = line.table;
    this.line = line;
  }

  leave(verdict: string): void {
    this.verdict = verdict;
    if (verdict !== 'ACCEPT' || !this.line) return;
    if (this.#passedFilter && this.table !== 'filter') return;
    this.passed = this.line;
    this.#passedFilter = this.table === 'filter';
  }

  leaveBy(device: number): void {
    this.last = 'transmit';
    this.frames++;
    if (!this.devices.includes(device)) this.devices.push(device);
  }

  /** A small number that is the same for all that went the same way, for finding them. */
  get hash(): number {
    const mixed = (this.line?.id ?? 0) * 31 + (this.passed?.id ?? 0) * 17 + this.what.length * 7;
    return mixed + this.where.length + this.frames * 3 + (this.devices[0] ?? 0);
  }

  /** Went the other the same way, so that the same words say what became of it? */
  isLike(other: Trail): boolean {
    return (
      this.line === other.line &&
      this.passed === other.passed &&
      this.last === other.last &&
      this.what === other.what &&
      this.where === other.where &&
      this.hook === other.hook &&
      this.hooked === other.hooked &&
      this.verdict === other.verdict &&
      this.malformed === other.malformed &&
      this.answered === other.answered &&
      this.frames === other.frames &&
      this.devices.length === other.devices.length &&
      this.devices.every((device, at) => device === other.devices[at])
    );
  }

  /** As much of a journey's steps as say what became of the packet. */
  steps(nameOf: (device: number) => string): Step[] {
    const steps: Step[] = [];
    const { passed, line, last, what } = this;
    if (passed && (passed !== line || this.verdict !== 'ACCEPT')) {
      steps.push(hookStep(this.hook, passed.table, 'ACCEPT', passed));
    }
    if (this.hooked !== '') steps.push(hookStep(this.hook, this.hooked, this.verdict, line, this.malformed));
    if (this.answered) steps.push({ kind: 'cause', packet: 0 });
    for (let at = 0; at < this.frames; at++) {
      const device = nameOf(this.devices[Math.min(at, this.devices.length - 1)]!);
      steps.push({ kind: 'transmit', device, summary: '', line: '', frame: '' });
    }
    if (last === 'drop') steps.push({ kind: 'drop', where: this.where, reason: what });
    else if (last === 'deliver') steps.push({ kind: 'deliver', to: what });
    else if (last === 'wait' || last === 'fragment') steps.push({ kind: last, what });
    return steps;
  }
}

function hookStep(
  hook: HookName | '',
  name: string,
  verdict: string,
  line: TableLine | undefined,
  isMalformed = false,
): Step {
  const asked = line
    ? [
        {
          table: line.table,
          chain: line.chain,
          number: line.number,
          outcome: isMalformed ? ('missed' as const) : line.outcome,
          ...(line.rule === undefined ? {} : { rule: line.rule }),
        },
      ]
    : [];
  return { kind: 'hook', hook: hook || 'PREROUTING', name, priority: 0, verdict, asked, changes: [] };
}
