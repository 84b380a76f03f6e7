import { expect, test } from 'vitest';
import { JsonProblem, lineAndColumn, locateJson, parseJson } from './json.ts';

function problemOf(text: string): { at: string; message: string } {
  try {
    parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error;
    const { line, column } = lineAndColumn(text, error.offset);
    return { at: `${line}:${column}`, message: error.message };
  }
  throw new Error('was read');
}

test.each([
  ['{"a": 1,}', '1:9', `expected a key in '"', found '}'`],
  ['{"a": 1\n "b": 2}', '2:2', `expected ',' or '}', found '"'`],
  ['[1, 2', '1:6', `expected ',' or ']', found the end of the text`],
  ['{"a": "x\ny"}', '1:7', 'expected a text that is closed on its line'],
  ['{"a": 01}', '1:8', `expected ',' or '}', found '1'`],
  ['{} {}', '1:4', "expected the end of the text, found '{'"],
  ['', '1:1', 'expected a value, found the end of the text'],
  ['{"a" 1}', '1:6', `expected ':', found '1'`],
])('%s', (text, at, message) => {
  const problem = problemOf(text);
  expect(problem.at).toBe(at);
  expect(problem.message).toContain(message);
});

test('a thousand levels are refused, not followed', () => {
  expect(problemOf(`${'['.repeat(100_000)}x`).message).toContain('levels deep');
});

test('places of values and keys', () => {
  const text = '{"a": [1, {"b": "x"}],\n "c": 2, "a2": {"b": 7}}';
  expect(text.slice(locateJson(text, ['a', 1, 'b'], false)).startsWith('"x"')).toBe(true);
  expect(text.slice(locateJson(text, ['a', 1, 'b'], true)).startsWith('"b"')).toBe(true);
  expect(text.slice(locateJson(text, ['a2', 'b'], false)).startsWith('7')).toBe(true);
  expect(text.slice(locateJson(text, ['a2', 'nothing'], false)).startsWith('{"b": 7}')).toBe(true);
});
