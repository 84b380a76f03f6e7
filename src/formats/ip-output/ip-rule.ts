import {
  jsonObjects,
  type Note,
  type Placed,
  type ToolOutput,
  ToolOutputProblem,
  usefulLines,
  word,
} from './lines.ts';

/** Rules that every host has: their preference and table. */
const OWN: ReadonlyMap<string, string> = new Map([
  ['0', 'from all lookup local'],
  ['32766', 'from all lookup main'],
  ['32767', 'from all lookup default'],
]);

/**
 * Reads `ip rule` or `ip -6 rule`, text or `-json`: arguments of `ip rule add`. The rules that every host has are left
 * out. `tables` are names of tables and their numbers (rt_tables).
 * @throws {ToolOutputProblem} if a line has no preference.
 */
export function readIpRule(
  text: string,
  tables: ReadonlyMap<string, string> = new Map(),
): ToolOutput<string> {
  const values: Placed<string>[] = [];
  const notes: Note[] = [];
  const lines = jsonObjects(text)?.map(({ line, value }) => ({ line, value: ruleText(value) }));
  for (const { line, value } of lines ?? usefulLines(text)) {
    const [, preference, rest] = /^\s*(\d{1,10}):\s+(.*)$/.exec(value) ?? [];
    if (preference === undefined || rest === undefined)
      throw new ToolOutputProblem(
        line,
        `'${value.trim()}': not as 'ip rule' prints it, such as '100: from all lookup main'`,
      );
    if (OWN.get(preference) === rest.trim().replace(/\s+/g, ' ')) continue;
    const words = rest
      .trim()
      .split(/\s+/)
      .filter((each) => !/^\[\w+\]$/.test(each));
    const numbered = words.map((each, index) =>
      words[index - 1] === 'lookup' ? (tables.get(each) ?? each) : each,
    );
    values.push({ line, value: `${numbered.join(' ')} pref ${preference}` });
  }
  return { values, notes };
}

function ruleText(rule: Readonly<Record<string, unknown>>): string {
  const prefix = (key: string) => {
    const length = word(rule, `${key}len`);
    return length === '' ? word(rule, key) : `${word(rule, key)}/${length}`;
  };
  const words = [`${word(rule, 'priority')}:`];
  if ('not' in rule) words.push('not');
  words.push('from', prefix('src') || 'all');
  if (word(rule, 'dst') !== '') words.push('to', prefix('dst'));
  const mark = word(rule, 'fwmark');
  if (mark !== '')
    words.push('fwmark', word(rule, 'fwmask') === '' ? mark : `${mark}/${word(rule, 'fwmask')}`);
  for (const key of ['tos', 'iif', 'oif', 'ipproto', 'suppress_prefixlength', 'goto'])
    if (word(rule, key) !== '') words.push(key, word(rule, key));
  for (const key of ['sport', 'dport'] as const) {
    const range = word(rule, `${key}_start`);
    if (word(rule, key) !== '') words.push(key, word(rule, key));
    else if (range !== '') words.push(key, `${range}-${word(rule, `${key}_end`)}`);
  }
  if (word(rule, 'uid_start') !== '')
    words.push('uidrange', `${word(rule, 'uid_start')}-${word(rule, 'uid_end')}`);
  const table = word(rule, 'table');
  const action = word(rule, 'action');
  if (table !== '') words.push('lookup', table);
  else if (action !== '' && action !== 'goto') words.push(action);
  return words.join(' ');
}
