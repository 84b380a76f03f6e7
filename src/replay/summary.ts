import type { End } from '../journey/journey.ts';
import { EndCounts, type EndCountsData } from '../journey/summary.ts';
import type { Line, Piece } from '../journey/text.ts';
import type { Flow, Flows } from './flows.ts';
import type { TableLine } from './trail.ts';

/** What came and went by one device. */
export interface DeviceCounts {
  inPackets: number;
  inBytes: number;
  outPackets: number;
  outBytes: number;
  /** Packets that came in by it and were dropped. */
  dropped: number;
}

/** Frames that were not given to the host, or not as they were; by why. */
export interface FrameCounts {
  read: number;
  carried: number;
  /** A local process sent them again. */
  sent: number;
  /** Left out: the host itself sent them. */
  own: number;
  nowhere: number;
  unreadable: number;
  /** Carried, but the capture holds less than there was. */
  cut: number;
  /** Carried later than their time, which is before that of a frame already carried. */
  late: number;
}

/** Everything that a replay counts. */
export class ReplaySummary {
  readonly frames: FrameCounts = {
    read: 0,
    carried: 0,
    sent: 0,
    own: 0,
    nowhere: 0,
    unreadable: 0,
    cut: 0,
    late: 0,
  };
  readonly ends = new EndCounts();
  readonly devices = new Map<string, DeviceCounts>();
  readonly flows: Flows;
  readonly lines: readonly TableLine[];
  /** Seconds from the first record to the last. */
  seconds = 0;

  constructor(flows: Flows, lines: readonly TableLine[]) {
    this.flows = flows;
    this.lines = lines;
  }

  device(name: string): DeviceCounts {
    let counts = this.devices.get(name);
    if (!counts) {
      counts = { inPackets: 0, inBytes: 0, outPackets: 0, outBytes: 0, dropped: 0 };
      this.devices.set(name, counts);
    }
    return counts;
  }

  countEnd(end: End, reason: string): void {
    this.ends.packets++;
    this.ends.count(end.kind, reason, 1);
  }

  /** Data for machines. */
  data(): ReplayData {
    const flows = this.flows.sorted();
    return {
      seconds: this.seconds,
      frames: this.frames,
      ...this.ends.data(),
      interfaces: Object.fromEntries(this.devices),
      rules: this.#rules().map(({ family, table, chain, number, rule, packets, bytes }) => ({
        family,
        table,
        chain,
        ...(rule === undefined ? { policy: true } : { number, rule }),
        packets,
        bytes,
      })),
      connections: {
        count: this.flows.count,
        packetsOfOthers: this.flows.others,
        most: flows.slice(0, MOST_FLOWS).map(flowData),
        dropped: flows
          .filter(({ dropped }) => dropped > 0)
          .slice(0, MOST_FLOWS)
          .map(flowData),
      },
    };
  }

  /** For people. `most`: lines of a list. */
  text(most: number): Line[] {
    return [
      ...this.#frameLines(),
      ...this.ends.lines(most),
      [],
      ...this.#deviceLines(),
      [],
      ...this.#ruleLines(most),
      [],
      ...this.#flowLines(most),
    ];
  }

  /** Rules that matched and policies that decided, in the order of tables, chains and numbers as they were met. */
  #rules(): TableLine[] {
    return this.lines
      .filter(({ outcome }) => outcome !== 'return')
      .sort((a, b) => b.packets - a.packets || a.id - b.id);
  }

  #frameLines(): Line[] {
    const { frames } = this;
    const lines: Line[] = [
      [heading(`${frames.read} ${frames.read === 1 ? 'frame' : 'frames'} in ${this.seconds.toFixed(3)} s`)],
    ];
    const say = (count: number, text: string): void => {
      if (count > 0) lines.push([plain(`${String(count).padStart(6)}  `), quiet(text)]);
    };
    say(frames.sent, 'sent again by a local process: the host’s own address is their source');
    say(frames.own, 'left out: the host itself sent or forwarded them');
    say(frames.nowhere, 'left out: nothing says by which device they come in (--in, --map, --by)');
    say(frames.unreadable, 'left out: nothing in them that a host takes');
    say(frames.cut, 'cut by the capture (snap length): their headers tell of more');
    say(frames.late, 'carried late: their time is before that of a frame already carried');
    return lines;
  }

  #deviceLines(): Line[] {
    const rows = [...this.devices].map(([name, counts]) => [
      name,
      `in ${counts.inPackets}`,
      bytesText(counts.inBytes),
      `out ${counts.outPackets}`,
      bytesText(counts.outBytes),
      counts.dropped > 0 ? `${counts.dropped} dropped` : '',
    ]);
    return [[heading('interfaces')], ...columns(rows).map((text): Line => [plain(text)])];
  }

  #ruleLines(most: number): Line[] {
    const rules = this.#rules();
    const lines = rules
      .slice(0, most)
      .map(
        ({ family, table, chain, rule, packets }): Line => [
          plain(`${String(packets).padStart(6)}  `),
          { text: `${family === 6 ? 'ip6 ' : ''}${table} `, style: 'table' },
          plain(rule ?? `policy of ${chain}`),
        ],
      );
    return [[heading('rules that matched')], ...lines, ...andMore(rules.length - most, 'rule')];
  }

  #flowLines(most: number): Line[] {
    const { count, others } = this.flows;
    const flows = this.flows.sorted();
    const dropped = flows.filter((flow) => flow.dropped > 0);
    const about = this.flows.forgotten > 0 ? 'about ' : '';
    const lines: Line[] = [[heading(`${about}${count} ${count === 1 ? 'connection' : 'connections'}`)]];
    for (const flow of flows.slice(0, most)) {
      lines.push([
        plain(`${String(flow.packets).padStart(6)}  `),
        packet(flow.name),
        quiet(`  ${bytesText(flow.bytes)}`),
      ]);
    }
    lines.push(...andMore(flows.length - most, 'connection'));
    if (others > 0)
      lines.push([
        quiet(`        ${others} packets are of connections with few packets, too many to tell apart`),
      ]);
    if (dropped.length === 0) return lines;
    lines.push([], [heading(`${dropped.length} of them lost packets`)]);
    for (const flow of dropped.slice(0, most)) {
      const text = `${String(flow.dropped).padStart(6)}  `;
      lines.push([plain(text), packet(flow.name), plain('  '), { text: flow.why, style: 'dropped' }]);
    }
    lines.push(...andMore(dropped.length - most, 'connection'));
    return lines;
  }
}

/** Connections in the data, of each list. */
const MOST_FLOWS = 1000;

export interface ReplayData extends EndCountsData {
  readonly seconds: number;
  readonly frames: FrameCounts;
  readonly interfaces: Readonly<Record<string, DeviceCounts>>;
  readonly rules: readonly {
    readonly family: 4 | 6;
    readonly table: string;
    readonly chain: string;
    readonly number?: number;
    readonly rule?: string;
    readonly policy?: boolean;
    readonly packets: number;
    readonly bytes: number;
  }[];
  readonly connections: {
    readonly count: number;
    readonly packetsOfOthers: number;
    readonly most: readonly FlowData[];
    readonly dropped: readonly FlowData[];
  };
}

type FlowData = Pick<Flow, 'name' | 'packets' | 'bytes' | 'dropped'> & { readonly reason?: string };

function flowData({ name, packets, bytes, dropped, why }: Flow): FlowData {
  return { name, packets, bytes, dropped, ...(dropped > 0 ? { reason: why } : {}) };
}

const heading = (text: string): Piece => ({ text, style: 'hook' });
const plain = (text: string): Piece => ({ text, style: 'plain' });
const quiet = (text: string): Piece => ({ text, style: 'quiet' });
const packet = (text: string): Piece => ({ text, style: 'packet' });

function andMore(count: number, what: string): Line[] {
  return count > 0 ? [[quiet(`        and ${count} more ${what}${count === 1 ? '' : 's'}`)]] : [];
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `512 B`, `1.5 MB`: decimal, three digits. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`;
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  }
  return rows.map((row) =>
    `  ${row.map((cell, at) => (at === 0 || at === row.length - 1 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  ')}`.trimEnd(),
  );
}
