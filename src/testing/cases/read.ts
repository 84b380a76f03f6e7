import {
  type FieldPath,
  FieldProblem,
  readInteger,
  readList,
  readObject,
  requireText,
  shown,
} from '../../formats/fields.ts';
import { readHostDescription } from '../../formats/host-description.ts';
import type { HostSource, RulesetKind, TestCase, TestFile } from './model.ts';
import { readStep, STEP_FIELDS } from './read-step.ts';

const RULESETS: readonly RulesetKind[] = ['iptables', 'ip6tables', 'ipset'];
const FILE_FIELDS = ['$schema', 'host', ...RULESETS, 'time', 'tests'];
const CASE_FIELDS = ['name', 'host', 'time', 'times', 'setup', 'steps'];
const MOST_TIMES = 10_000;

/**
 * Reads the plain value of a file of cases.
 * @throws {FieldProblem} on anything that is not as docs/testing.md says; `path` names the field.
 */
export function readTestFile(value: unknown): TestFile {
  const fields = readObject(value, [], 'a file of tests', FILE_FIELDS);
  if (fields.tests === undefined) throw new FieldProblem([], "there are no 'tests': a list of cases");
  return {
    host: readHostSource(fields.host, ['host']),
    rulesets: Object.fromEntries(
      RULESETS.filter((kind) => fields[kind] !== undefined).map((kind) => [
        kind,
        requireText(fields[kind], [kind], kind === 'ipset' ? 'sets.ipset' : 'rules.v4'),
      ]),
    ),
    time: readTime(fields.time, ['time']),
    cases: readList(fields.tests, ['tests'], readCase),
  };
}

function readCase(value: unknown, path: FieldPath): TestCase {
  const fields = readObject(value, path, 'a case', [...CASE_FIELDS, ...STEP_FIELDS]);
  const name = requireText(fields.name, [...path, 'name'], 'the web server is reached from outside');
  const own = STEP_FIELDS.filter((field) => fields[field] !== undefined);
  if (fields.steps !== undefined && own.length > 0) {
    throw new FieldProblem(
      [...path, own[0]!],
      "a case has either 'steps' or one step of its own, not both",
      true,
    );
  }
  const steps =
    fields.steps === undefined
      ? [readStep(Object.fromEntries(own.map((field) => [field, fields[field]])), path, `case '${name}'`)]
      : readList(fields.steps, [...path, 'steps'], (step, at) => readStep(step, at, 'a step'));
  if (steps.length === 0) throw new FieldProblem([...path, 'steps'], 'there is no step');
  return {
    name,
    path,
    host: readHostSource(fields.host, [...path, 'host']),
    time: readTime(fields.time, [...path, 'time']),
    times: fields.times === undefined ? 1 : readInteger(fields.times, [...path, 'times'], 1, MOST_TIMES),
    setup: readList(fields.setup, [...path, 'setup'], (line, at) =>
      requireText(line, at, 'ipset add blocked 192.0.2.7'),
    ),
    steps,
  };
}

function readHostSource(value: unknown, path: FieldPath): HostSource | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string')
    return { kind: 'file', file: requireText(value, path, 'gateway.yaml'), path };
  return { kind: 'described', description: readHostDescription(value, path), path };
}

/** Seconds since 1970, or a date and time. */
function readTime(value: unknown, path: FieldPath): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0 && value <= 0xffffffff) return value;
  const text = value instanceof Date ? value.toISOString() : value;
  if (
    typeof text === 'string' &&
    /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text)
  ) {
    const zoned = /(Z|[+-]\d\d:\d\d)$/.test(text) || text.length === 10 ? text : `${text}Z`;
    const parsed = Date.parse(zoned.replace(' ', 'T'));
    if (parsed >= 0) return parsed / 1000;
  }
  throw new FieldProblem(path, `must be a time such as 2026-01-05T12:00:00Z, is ${shown(value)}`);
}
