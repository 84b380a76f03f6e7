import {
  type FieldPath,
  FieldProblem,
  readInteger,
  readMap,
  readObject,
  requireText,
  shown,
} from '../../formats/fields.ts';
import { nearest } from '../../formats/packet-language/problem.ts';
import { type EndPattern, EndProblem, readEnd } from './ends.ts';
import {
  type ConnectionExpectation,
  type Expectation,
  type TextPattern,
  VERDICTS,
  type VerdictWord,
} from './model.ts';
import { ReferenceProblem, type RuleReference, readExpression, readRuleReference } from './rule-reference.ts';

const FIELDS = [
  'verdict',
  'out',
  'rule',
  'passes',
  'avoids',
  'source',
  'destination',
  'spread',
  'fields',
  'mark',
  'log',
  'state',
  'connection',
  'counters',
  'answer',
  'reason',
];
const STATES = ['NEW', 'ESTABLISHED', 'RELATED', 'INVALID', 'UNTRACKED'];

type Reader<T> = (value: unknown, path: FieldPath) => T;

/** A whole expectation, or the verdict alone. @throws {FieldProblem} */
export function readExpectation(value: unknown, path: FieldPath): Expectation {
  if (typeof value === 'string') return { path, verdict: readVerdict(value, path) };
  const fields = readObject(value, path, 'an expectation', FIELDS);
  const field = <K extends keyof Expectation>(
    name: K,
    read: Reader<Expectation[K]>,
  ): Pick<Expectation, K> | object =>
    fields[name] === undefined ? {} : { [name]: read(fields[name], [...path, name]) };
  return {
    path,
    ...field('verdict', readVerdict),
    ...field(
      'out',
      orNone((item, at) => requireText(item, at, 'eth0')),
    ),
    ...field('rule', readReference),
    ...field('passes', oneOrMore(readReference)),
    ...field('avoids', oneOrMore(readReference)),
    ...field('source', oneOrMore(readPattern)),
    ...field('destination', oneOrMore(readPattern)),
    ...field('spread', oneOrMore(readPattern)),
    ...field('fields', readFields),
    ...field('mark', readMark),
    ...field('log', orNone(readTextPattern)),
    ...field('state', readState),
    ...field('connection', readConnection),
    ...field('counters', readCounters),
    ...field('answer', orNone(readTextPattern)),
    ...field('reason', readTextPattern),
  };
}

const oneOrMore =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) return [read(value, path)];
    if (value.length === 0) throw new FieldProblem(path, 'the list is empty');
    return value.map((item, index) => read(item, [...path, index]));
  };

const orNone =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  (value, path) =>
    value === 'none' ? [] : oneOrMore(read)(value, path);

function choice<T extends string>(value: unknown, path: FieldPath, known: readonly T[]): T {
  if ((known as readonly unknown[]).includes(value)) return value as T;
  const near = typeof value === 'string' ? nearest(value, known) : undefined;
  throw new FieldProblem(
    path,
    `must be one of ${known.join(', ')}; is ${shown(value)}${near ? `; is '${near}' meant?` : ''}`,
  );
}

function readVerdict(value: unknown, path: FieldPath): VerdictWord {
  return choice(value, path, VERDICTS);
}

function readState(value: unknown, path: FieldPath): string {
  return choice(value, path, STATES);
}

function readReference(value: unknown, path: FieldPath): RuleReference {
  return told(path, () => readRuleReference(requireText(value, path, 'FORWARD 3')));
}

function readPattern(value: unknown, path: FieldPath): EndPattern {
  return told(path, () => readEnd(requireText(value, path, '203.0.113.1:1024-65535')));
}

/** A text that must be contained, or `/EXPRESSION/`. */
function readTextPattern(value: unknown, path: FieldPath): TextPattern {
  const text = requireText(value, path, 'DPT=22');
  const found = /^\/(.+)\/(i?)$/s.exec(text);
  return { text, expression: found ? told(path, () => readExpression(found[1]!, found[2]!)) : undefined };
}

function told<T>(path: FieldPath, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof EndProblem || error instanceof ReferenceProblem)
      throw new FieldProblem(path, error.message);
    throw error;
  }
}

function readFields(value: unknown, path: FieldPath): ReadonlyMap<string, string> {
  const fields = readMap(value, path, 'fields of a packet');
  return new Map(
    Object.entries(fields).map(([name, wanted]) => {
      if (typeof wanted === 'string' || typeof wanted === 'number') return [name, String(wanted)];
      throw new FieldProblem([...path, name], `must be a text or a number, is ${shown(wanted)}`);
    }),
  );
}

/** `7`, `0x10`, `0x10/0xff`. */
function readMark(value: unknown, path: FieldPath): { value: number; mask: number } {
  const [number, mask = '0xffffffff', ...others] = String(value).split('/');
  const read = (text: string | undefined) =>
    /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(text ?? '') ? Number(text) : Number.NaN;
  const found = { value: read(number), mask: read(mask) };
  if (others.length > 0 || !(found.value <= 0xffffffff) || !(found.mask <= 0xffffffff)) {
    throw new FieldProblem(path, `must be a mark such as 0x10 or 0x10/0xff, is ${shown(value)}`);
  }
  return found;
}

const CONNECTION_FIELDS = ['state', 'assured', 'replied', 'mark', 'helper', 'zone'];

function readConnection(value: unknown, path: FieldPath): ConnectionExpectation | 'none' {
  if (value === 'none') return 'none';
  if (typeof value === 'string') return { state: value };
  const fields = readObject(value, path, 'a connection', CONNECTION_FIELDS);
  const truth = (name: string) => {
    if (typeof fields[name] !== 'boolean')
      throw new FieldProblem([...path, name], `must be true or false, is ${shown(fields[name])}`);
    return fields[name];
  };
  return {
    ...(fields.state !== undefined && {
      state: requireText(fields.state, [...path, 'state'], 'ESTABLISHED'),
    }),
    ...(fields.assured !== undefined && { assured: truth('assured') }),
    ...(fields.replied !== undefined && { replied: truth('replied') }),
    ...(fields.mark !== undefined && { mark: readMark(fields.mark, [...path, 'mark']) }),
    ...(fields.helper !== undefined && { helper: requireText(fields.helper, [...path, 'helper'], 'ftp') }),
    ...(fields.zone !== undefined && { zone: readInteger(fields.zone, [...path, 'zone'], 0, 65535) }),
  };
}

function readCounters(value: unknown, path: FieldPath): NonNullable<Expectation['counters']> {
  return Object.entries(readMap(value, path, 'counters of rules')).map(([name, packets]) => ({
    rule: readReference(name, [...path, name]),
    packets: readInteger(packets, [...path, name], 0, Number.MAX_SAFE_INTEGER),
  }));
}
