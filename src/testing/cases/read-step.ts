import {
  type FieldPath,
  FieldProblem,
  readInteger,
  readObject,
  requireText,
  shown,
} from '../../formats/fields.ts';
import type { TestAction, TestStep } from './model.ts';
import { readExpectation } from './read-expectation.ts';

/** What a step does; each step has one of them. */
const ACTIONS = ['packet', 'handshake', 'send', 'reply', 'again', 'error', 'capture', 'wait', 'run'] as const;
/** What belongs to each of them. */
const DETAILS: Readonly<Record<(typeof ACTIONS)[number], readonly string[]>> = {
  packet: ['in'],
  handshake: ['in'],
  send: ['uid', 'gid', 'mark'],
  reply: [],
  again: [],
  error: ['from'],
  capture: ['in'],
  wait: [],
  run: [],
};
export const STEP_FIELDS: readonly string[] = [...ACTIONS, 'in', 'uid', 'gid', 'mark', 'from', 'expect'];

const MAX = 0xffffffff;

/** @throws {FieldProblem} */
export function readStep(value: unknown, path: FieldPath, what: string): TestStep {
  const fields = readObject(value, path, what, STEP_FIELDS);
  const given = ACTIONS.filter((action) => fields[action] !== undefined);
  if (given.length !== 1) {
    const names = `${ACTIONS.slice(0, -1).join(', ')} or ${ACTIONS.at(-1)}`;
    const at = given[1] === undefined ? path : [...path, given[1]];
    throw new FieldProblem(
      at,
      given.length === 0 ? `${what} needs one of ${names}` : `${what} has one of ${names}, not two`,
      given.length > 0,
    );
  }
  const kind = given[0]!;
  for (const field of Object.keys(fields)) {
    if (field === kind || field === 'expect' || fields[field] === undefined || DETAILS[kind].includes(field))
      continue;
    throw new FieldProblem([...path, field], `'${field}' does not go with '${kind}'`, true);
  }
  if ((kind === 'wait' || kind === 'run') && fields.expect !== undefined)
    checkNothingSent(fields.expect, path, kind);
  return {
    ...readAction(kind, fields, path),
    path,
    expect: fields.expect === undefined ? undefined : readExpectation(fields.expect, [...path, 'expect']),
  };
}

/** Of a step without a packet only what remains of earlier ones can be expected. */
function checkNothingSent(value: unknown, path: FieldPath, kind: string): void {
  for (const field of Object.keys(
    readObject(value, [...path, 'expect'], 'an expectation', [...Object.keys(value ?? {})]),
  )) {
    if (field === 'counters' || field === 'log') continue;
    throw new FieldProblem(
      [...path, 'expect', field],
      `'${kind}' sends nothing: only counters and log can be expected`,
      true,
    );
  }
}

function readAction(
  kind: (typeof ACTIONS)[number],
  fields: Readonly<Record<string, unknown>>,
  path: FieldPath,
): TestAction {
  const value = fields[kind];
  const at = [...path, kind];
  const device = fields.in === undefined ? undefined : requireText(fields.in, [...path, 'in'], 'eth0');
  const number = (name: string) =>
    fields[name] === undefined ? 0 : readInteger(fields[name], [...path, name], 0, MAX);
  switch (kind) {
    case 'packet':
    case 'handshake':
      return { kind, text: requireText(value, at, 'tcp 198.51.100.7:40000 > 203.0.113.1:80 syn'), device };
    case 'send':
      return {
        kind,
        text: requireText(value, at, 'udp 203.0.113.1:4000 > 198.51.100.7:53'),
        uid: number('uid'),
        gid: number('gid'),
        mark: number('mark'),
      };
    case 'reply':
    case 'again':
      return { kind, words: value === true ? '' : requireText(value, at, 'psh,ack "hello"') };
    case 'error':
      return {
        kind,
        words: requireText(value, at, 'port-unreachable'),
        from:
          fields.from === undefined ? undefined : requireText(fields.from, [...path, 'from'], '198.51.100.1'),
      };
    case 'capture':
      return { kind, file: requireText(value, at, 'requests.pcapng'), device };
    case 'wait':
      return { kind, seconds: readSeconds(value, at) };
    case 'run':
      return { kind, line: requireText(value, at, 'ipset add blocked 192.0.2.7') };
  }
}

/** `30`, `1.5`, `90s`, `5m`, `2h`, `1d`. */
function readSeconds(value: unknown, path: FieldPath): number {
  if (typeof value === 'number' && value >= 0 && value <= 1e9) return value;
  const found = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*(s|m|h|d)$/.exec(value) : null;
  const seconds = Number(found?.[1]) * { s: 1, m: 60, h: 3600, d: 86400 }[(found?.[2] ?? 's') as 's'];
  if (!found || seconds > 1e9)
    throw new FieldProblem(path, `must be seconds, or a time such as 90s, 5m or 2h, is ${shown(value)}`);
  return seconds;
}
