import { STATUS } from '../../conntrack/connection.ts';
import type { Conntrack } from '../../conntrack/conntrack.ts';
import { dissectPacket, summarizeFrame } from '../../formats/packet-language/index.ts';
import type { Host } from '../../host/host.ts';
import { decisionText } from '../../journey/end.ts';
import type { Asked, Journey } from '../../journey/journey.ts';
import { type EndPattern, fitsEnd, printEnd } from './ends.ts';
import type { ConnectionExpectation, Expectation, TextPattern, VerdictWord } from './model.ts';
import { viewOf } from './packet-view.ts';
import { isNamed, type RuleReference } from './rule-reference.ts';
import { ruleText } from './rule-text.ts';
import type { StepOutcome } from './step-watch.ts';

/** Something that is not as it was expected. */
export interface Difference {
  /** The field of the expectation. */
  readonly field: string;
  readonly expected: string;
  readonly got: string;
}

/** Compares what a step's packet came to with what was expected of it. */
export function judge(expected: Expectation, outcome: StepOutcome, host: Host): Difference[] {
  const found: Difference[] = [];
  const differ = (field: string, wanted: string, got: string) => found.push({ field, expected: wanted, got });
  const { journey } = outcome;
  if (expected.verdict !== undefined) {
    const got = verdictOf(outcome);
    if (!fitsVerdict(expected.verdict, got))
      differ('verdict', expected.verdict, `${got} (${endText(outcome)})`);
  }
  if (expected.out !== undefined) {
    const devices = [...new Set(outcome.left.map(({ device }) => device))];
    const fits =
      expected.out.length === 0
        ? devices.length === 0
        : devices.length > 0 && devices.every((device) => expected.out!.includes(device));
    if (!fits) differ('out', list(expected.out), list(devices));
  }
  if (expected.rule !== undefined) {
    const by = journey?.end.by;
    if (!by || !isNamed(expected.rule, by))
      differ('rule', expected.rule.text, by ? decisionText(by) : `no rule (${endText(outcome)})`);
  }
  const matched = journey ? matchedLines(journey) : [];
  for (const reference of expected.passes ?? []) {
    if (!matched.some((line) => isNamed(reference, line)))
      differ('passes', reference.text, 'it did not match');
  }
  for (const reference of expected.avoids ?? []) {
    const line = matched.find((one) => isNamed(reference, one));
    if (line)
      differ('avoids', reference.text, `it matched: ${decisionText({ ...line, outcome: 'matched' })}`);
  }
  judgePacket(expected, outcome, differ);
  if (expected.mark !== undefined && (outcome.mark & expected.mark.mask) >>> 0 !== expected.mark.value) {
    differ('mark', markText(expected.mark), hex(outcome.mark));
  }
  if (expected.state !== undefined && outcome.state !== expected.state) {
    differ('state', expected.state, outcome.state ?? 'nothing tracks connections on this host');
  }
  if (expected.connection !== undefined)
    judgeConnection(expected.connection, outcome, host.conntrack, differ);
  judgeTexts('log', expected.log, outcome.log, differ);
  if (expected.answer !== undefined) {
    const own = new Set(outcome.left.map(({ frame }) => frame));
    const answers = outcome.frames
      .filter(({ frame }) => !own.has(frame))
      .map(({ frame }) => summarizeFrame(frame));
    judgeTexts('answer', expected.answer, answers, differ);
  }
  if (expected.reason !== undefined && !fitsText(expected.reason, endText(outcome))) {
    differ('reason', expected.reason.text, endText(outcome));
  }
  return found;
}

type Differ = (field: string, expected: string, got: string) => void;

/** The counters of rules; of a step without a packet only these are compared. */
export function judgeCounters(expected: Expectation, host: Host, family: 4 | 6 | undefined): Difference[] {
  return (expected.counters ?? []).flatMap(({ rule, packets }): Difference[] => {
    const got = countOf(rule, host, family);
    const field = `counters '${rule.text}'`;
    if (got === undefined) return [{ field, expected: String(packets), got: 'there is no such rule' }];
    return got === packets ? [] : [{ field, expected: String(packets), got: String(got) }];
  });
}

/** Packets of all rules that a reference names; undefined if there are none. */
function countOf(reference: RuleReference, host: Host, family: 4 | 6 | undefined): number | undefined {
  let count: number | undefined;
  for (const one of family ? [family] : ([4, 6] as const)) {
    for (const line of namedLines(reference, host, one)) count = (count ?? 0) + line.packets;
  }
  return count;
}

/** The lines of a host's tables that a reference names. */
export function* namedLines(
  reference: RuleReference,
  host: Host,
  family: 4 | 6,
): Generator<Asked & { readonly packets: number }> {
  for (const table of host.xtables.tables(family)) {
    for (const chain of table.image.chains) {
      for (let at = 0; at <= chain.entries.length; at++) {
        const entry = chain.entries[at];
        const rule = entry && ruleText(host, chain.name, entry.rule);
        const line: Asked = {
          table: table.name,
          chain: chain.name,
          number: at + 1,
          outcome: 'matched',
          ...(rule !== undefined && { rule }),
        };
        if (!isNamed(reference, line)) continue;
        const { packets } = entry ? table.count(entry) : table.chainCount(chain);
        yield { ...line, packets: Number(packets) };
      }
    }
  }
}

/** What became of the packet. */
export function verdictOf({ journey, error, left }: StepOutcome): VerdictWord | 'nothing' | 'wait' {
  if (error !== undefined && !journey) return 'drop';
  if (!journey) return 'nothing';
  const { end, origin } = journey;
  switch (end.kind) {
    case 'sent':
      return origin.kind === 'arrived' ? 'forward' : 'send';
    case 'delivered':
      return 'deliver';
    case 'dropped':
      return end.text.startsWith('rejected') ? 'reject' : 'drop';
    case 'waiting':
      return end.text.startsWith('taken by') || /queue/.test(end.text) ? 'queue' : 'wait';
    case 'stolen':
      return 'steal';
    case 'replaced':
      return left.length > 0 ? (origin.kind === 'arrived' ? 'forward' : 'send') : 'steal';
  }
}

function fitsVerdict(expected: VerdictWord, got: ReturnType<typeof verdictOf>): boolean {
  if (expected === 'accept') return got === 'forward' || got === 'deliver' || got === 'send';
  if (expected === 'deny') return got === 'drop' || got === 'reject';
  return expected === got;
}

export function endText({ journey, error }: StepOutcome): string {
  if (journey) return error === undefined ? journey.end.text : `${journey.end.text}; the sender got ${error}`;
  return error === undefined ? 'the host takes no notice of it' : `the sender got ${error}`;
}

/** The packet as it left, or as a process got it; undefined if it did neither. */
export function lastForm(outcome: StepOutcome): Uint8Array | undefined {
  const frame = outcome.left[0]?.frame;
  return outcome.delivered ?? frame?.subarray(14);
}

function judgePacket(expected: Expectation, outcome: StepOutcome, differ: Differ): void {
  const { source, destination, fields } = expected;
  if (!source && !destination && !fields) return;
  const bytes = lastForm(outcome);
  const view = bytes && viewOf(bytes);
  if (!bytes || !view) {
    const wanted = [...(source ?? []), ...(destination ?? [])].map(({ text }) => text);
    differ(
      source ? 'source' : destination ? 'destination' : 'fields',
      list(wanted),
      `nothing left or was delivered (${endText(outcome)})`,
    );
    return;
  }
  const end = (field: 'source' | 'destination', patterns: readonly EndPattern[] | undefined) => {
    if (!patterns || patterns.some((pattern) => fitsEnd(pattern, view[field]))) return;
    differ(field, list(patterns.map(({ text }) => text)), printEnd(view[field]));
  };
  end('source', source);
  end('destination', destination);
  if (!fields) return;
  const known = new Map(dissectPacket(bytes).map(({ name, value }) => [name, value]));
  for (const [name, wanted] of fields) {
    const got = known.get(name);
    if (got !== wanted)
      differ(
        `fields ${name}`,
        wanted,
        got ?? `there is no such field; it has ${[...known.keys()].join(', ')}`,
      );
  }
}

function judgeConnection(
  expected: ConnectionExpectation | 'none',
  { connection, state }: StepOutcome,
  conntrack: Conntrack,
  differ: Differ,
): void {
  const live = connection?.confirmed ? connection : undefined;
  if (expected === 'none') {
    if (live) differ('connection', 'none', `there is one (${state})`);
    return;
  }
  if (!live) {
    differ('connection', 'a connection', 'none remains');
    return;
  }
  const one = (field: string, wanted: unknown, got: unknown) => {
    if (wanted !== undefined && wanted !== got) differ(`connection.${field}`, String(wanted), String(got));
  };
  one('state', expected.state, conntrack.trackerOf(live.original.protocol).stateName?.(live));
  one('assured', expected.assured, (live.status & STATUS.ASSURED) !== 0);
  one('replied', expected.replied, (live.status & STATUS.SEEN_REPLY) !== 0);
  one('helper', expected.helper, live.help?.helper?.name);
  one('zone', expected.zone, live.zone.id);
  const { mark } = expected;
  if (mark && (live.mark & mark.mask) >>> 0 !== mark.value)
    differ('connection.mark', markText(mark), hex(live.mark));
}

/** Each pattern fits one of the texts; no pattern: there is no text. */
function judgeTexts(
  field: string,
  patterns: readonly TextPattern[] | undefined,
  texts: readonly string[],
  differ: Differ,
): void {
  if (!patterns) return;
  if (patterns.length === 0) {
    if (texts.length > 0) differ(field, 'none', texts.join('; '));
    return;
  }
  for (const pattern of patterns) {
    if (!texts.some((text) => fitsText(pattern, text)))
      differ(field, pattern.text, texts.length > 0 ? texts.join('; ') : 'none');
  }
}

function fitsText({ text, expression }: TextPattern, got: string): boolean {
  return expression ? expression.test(got) : got.includes(text);
}

/** The lines of tables that matched, in order. */
export function matchedLines(journey: Journey): Asked[] {
  return journey.steps.flatMap((step) =>
    step.kind === 'hook' ? step.asked.filter(({ outcome }) => outcome !== 'missed') : [],
  );
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? 'none' : texts.join(' or ');
}

function markText({ value, mask }: { readonly value: number; readonly mask: number }): string {
  return mask === 0xffffffff ? hex(value) : `${hex(value)}/${hex(mask)}`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}
