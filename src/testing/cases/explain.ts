import type { Host } from '../../host/host.ts';
import { decisionText } from '../../journey/end.ts';
import type { Asked, Journey } from '../../journey/journey.ts';
import { journeyText, plainText } from '../../journey/text.ts';
import { namedLines } from './judge.ts';
import type { Expectation } from './model.ts';
import { isNamed, type RuleReference } from './rule-reference.ts';
import type { StepOutcome } from './step-watch.ts';

/** Why a packet did not do what was expected: why the rules meant did not match, and its journey. Lines of text. */
export function explain(expected: Expectation | undefined, outcome: StepOutcome, host: Host): string[] {
  const { journey, error } = outcome;
  if (!journey) return error === undefined ? [] : [`the sender got ${error}`];
  const lines: string[] = [];
  const meant = [...(expected?.rule ? [expected.rule] : []), ...(expected?.passes ?? [])];
  for (const reference of meant) {
    const why = whyNot(reference, journey, host);
    if (why) lines.push(why);
  }
  const text = plainText(journeyText(journey));
  return [...lines, ...text.split('\n').filter((line) => line !== '')];
}

/** Why a rule did not decide; undefined if it did match. */
function whyNot(reference: RuleReference, journey: Journey, host: Host): string | undefined {
  const asked = journey.steps.flatMap((step) => (step.kind === 'hook' ? step.asked : []));
  const named = asked.filter((line) => isNamed(reference, line));
  const missed = named.find(({ outcome }) => outcome === 'missed');
  const matched = named.find(({ outcome }) => outcome !== 'missed');
  const { by } = journey.end;
  const decided = by ? decisionText(by) : journey.end.text;
  if (matched)
    return by && isNamed(reference, by) ? undefined : `${reference.text} matched, but ${decided} decided`;
  if (missed)
    return `${reference.text} did not match: ${missed.test?.trim()}: the packet has ${missed.value}`;
  const there = [...namedLines(reference, host, journey.family)];
  if (there.length === 0)
    return `${reference.text}: this host has no such rule${nearby(reference, host, journey.family)}`;
  return `${reference.text} was not asked: ${firstEnd(asked, there[0]!) ?? decided}`;
}

/** What ended the walk before a rule of the same chain was reached. */
function firstEnd(asked: readonly Asked[], rule: Asked): string | undefined {
  const before = asked.filter(({ table, chain }) => table === rule.table && chain === rule.chain);
  if (before.length === 0) return `the packet never came to ${rule.table} ${rule.chain}`;
  const last = before.at(-1)!;
  if (last.outcome === 'missed') return undefined;
  return `${decisionText({ ...last, outcome: last.outcome === 'policy' ? 'policy' : 'matched' })} came first`;
}

function nearby(reference: RuleReference, host: Host, family: 4 | 6): string {
  if (reference.kind !== 'place') return '';
  const table = host.xtables.tables(family).find(({ name }) => name === reference.table);
  const chain = table?.image.chain(reference.chain);
  if (!chain) return ` (table ${reference.table} has no chain ${reference.chain})`;
  const count = chain.entries.length;
  return ` (${reference.table} ${reference.chain} has ${count} rule${count === 1 ? '' : 's'})`;
}
