import type { Asked, Decision } from '../../journey/journey.ts';
import { TABLE_NAMES } from '../../xtables/xtables.ts';

/** How a test names a rule: by its place, by its text, by its comment, by an expression; or a policy. */
export type RuleReference =
  | {
      readonly kind: 'place';
      readonly text: string;
      readonly table: string;
      readonly chain: string;
      readonly number: number;
    }
  | {
      readonly kind: 'rule';
      readonly text: string;
      readonly table: string | undefined;
      readonly rule: string;
    }
  | { readonly kind: 'comment'; readonly text: string; readonly comment: string }
  | { readonly kind: 'expression'; readonly text: string; readonly expression: RegExp }
  | { readonly kind: 'policy'; readonly text: string; readonly table: string; readonly chain: string };

/** A text that names no rule; the message says what would. */
export class ReferenceProblem extends Error {}

const SHAPES =
  "write 'FORWARD 3', 'nat PREROUTING 1', 'policy INPUT', the rule as iptables -S prints it ('-A FORWARD … -j DROP'), " +
  "'comment: TEXT', or '/EXPRESSION/'";
const isTable = (name: string): boolean => (TABLE_NAMES as readonly string[]).includes(name);

/** @throws {ReferenceProblem} */
export function readRuleReference(text: string): RuleReference {
  const expression = /^\/(.+)\/(i?)$/s.exec(text);
  if (expression)
    return { kind: 'expression', text, expression: readExpression(expression[1]!, expression[2]!) };
  const comment = /^comment:\s*(.+)$/s.exec(text);
  if (comment) return { kind: 'comment', text, comment: comment[1]! };
  const rule = /^(?:(\w+)\s+)?(-A\s+\S.*)$/s.exec(text);
  if (rule && (rule[1] === undefined || isTable(rule[1]))) {
    return { kind: 'rule', text, table: rule[1], rule: oneBlank(rule[2]!) };
  }
  const words = text.trim().split(/\s+/);
  const isPolicy = words[0] === 'policy';
  if (isPolicy) words.shift();
  const last = isPolicy ? undefined : words.pop();
  const chain = words.pop();
  const table = words.pop() ?? 'filter';
  if (chain === undefined || words.length > 0 || !isTable(table))
    throw new ReferenceProblem(`'${text}' names no rule: ${SHAPES}`);
  if (isPolicy) return { kind: 'policy', text, table, chain };
  if (last === undefined || !/^[1-9]\d{0,8}$/.test(last))
    throw new ReferenceProblem(`'${text}' names no rule: ${SHAPES}`);
  return { kind: 'place', text, table, chain, number: Number(last) };
}

/** @throws {ReferenceProblem} */
export function readExpression(source: string, flags: string): RegExp {
  if (source.length > 500) throw new ReferenceProblem('an expression has at most 500 characters');
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new ReferenceProblem(
      `/${source}/ is no expression: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Is this line of a table what the reference names? */
export function isNamed(reference: RuleReference, line: Asked | Decision): boolean {
  const { table, chain, number, rule } = line;
  switch (reference.kind) {
    case 'place':
      return (
        rule !== undefined &&
        reference.table === table &&
        reference.chain === chain &&
        reference.number === number
      );
    case 'policy':
      return rule === undefined && reference.table === table && reference.chain === chain;
    case 'rule':
      return (
        rule !== undefined &&
        oneBlank(rule) === reference.rule &&
        (reference.table === undefined || reference.table === table)
      );
    case 'comment':
      return rule !== undefined && commentOf(rule) === reference.comment;
    case 'expression':
      return rule !== undefined && reference.expression.test(rule);
  }
}

/** The text behind --comment; undefined if there is none. */
function commentOf(rule: string): string | undefined {
  const quoted = / --comment "((?:[^"\\]|\\.)*)"/.exec(rule);
  if (quoted) return quoted[1]!.replace(/\\(.)/g, '$1');
  return / --comment (\S+)/.exec(rule)?.[1];
}

function oneBlank(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
