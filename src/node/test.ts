import type { Command } from 'commander';
import { FieldProblem } from '../formats/fields.ts';
import type { HostTemplate } from '../formats/host-template.ts';
import { Coverage } from '../testing/cases/coverage.ts';
import type { TestFile } from '../testing/cases/model.ts';
import { readTestFile } from '../testing/cases/read.ts';
import { type CaseResult, runCase } from '../testing/cases/run.ts';
import { type Document, placed, readDocument } from './document.ts';
import { UserProblem } from './problem.ts';
import { TestHosts } from './test-hosts.ts';

const HELP = `
A file of tests (YAML or JSON) names a host and says what must become of packets and conversations; docs/testing.md has
every field:
  host: gateway.yaml
  iptables: rules.v4
  tests:
  - name: the web server is reached from outside
    packet: tcp 198.51.100.{1-20}:40000 > 203.0.113.1:{80,443} syn
    in: wan0
    expect: { verdict: forward, out: lan0, destination: '192.0.2.80' }

Exit status: 0 if all is as expected, 1 if not, or if a file is wrong, 2 if the command line is wrong.`;

export function define(command: Command): void {
  command
    .argument('<file...>', 'files of tests: YAML or JSON')
    .option('--json', 'a JSON object on each line: one for each case')
    .option('--filter <text>', 'only cases that have this in their name')
    .option(
      '--coverage [percent]',
      'tell the rules that no case reached; fail below so many percent',
      readPercent,
    )
    .addHelpText('after', HELP)
    .action(async (files: string[], options: Options) => {
      process.exitCode = await testFiles(files, options);
    });
}

interface Options {
  readonly json?: true;
  readonly filter?: string;
  /** True without a percentage. */
  readonly coverage?: number | true;
}

function readPercent(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text) || Number(text) > 100) {
    throw new UserProblem(`--coverage ${text}: must be a percentage from 0 to 100`, 2);
  }
  return Number(text);
}

/** Tries all cases of all files; answers the exit status. */
async function testFiles(files: readonly string[], { json, filter = '', coverage }: Options): Promise<0 | 1> {
  const hosts = new TestHosts();
  const covered = new Map<HostTemplate, Coverage>();
  let failed = 0;
  let passed = 0;
  let tries = 0;
  for (const name of files) {
    const document = await readDocument(name);
    const file = read(document);
    for (const test of file.cases) {
      if (!test.name.includes(filter)) continue;
      const template = await hosts.find(document, file, test.host);
      const result = runCase(test, template, {
        ...(file.time !== undefined && { time: file.time }),
        ...(coverage !== undefined && { coverage: coverageOf(covered, template) }),
      });
      const isGood = result.failures.length === 0 && !result.problem;
      if (isGood) passed++;
      else failed++;
      tries += result.tries;
      if (json) process.stdout.write(`${JSON.stringify(asJson(result, document))}\n`);
      else process.stdout.write(asText(result, document));
    }
  }
  if (!json) process.stdout.write(`${passed} passed, ${failed} failed (${tries} tries)\n`);
  let isCovered = true;
  for (const one of covered.values()) {
    const { rules, matched, tests, both } = one.totals;
    const percent = rules === 0 ? 100 : (matched / rules) * 100;
    if (typeof coverage === 'number' && percent < coverage) isCovered = false;
    if (!json) process.stdout.write(coverageText(one, percent, { rules, matched, tests, both }));
  }
  return failed > 0 || !isCovered ? 1 : 0;
}

function coverageOf(covered: Map<HostTemplate, Coverage>, template: HostTemplate): Coverage {
  const known = covered.get(template) ?? new Coverage(template.model);
  covered.set(template, known);
  return known;
}

/** The rules that no case reached, and the shares of rules and of the outcomes of their tests. */
function coverageText({ rules: all }: Coverage, percent: number, totals: Coverage['totals']): string {
  const { rules, matched, tests, both } = totals;
  const lines = all
    .filter((rule) => rule.matched === 0)
    .map(({ table, chain, number, rule, asked, line }) => {
      const why = asked === 0 ? 'never asked' : `asked ${asked} times, never matched`;
      return `  ${table} ${chain} ${number}${line > 0 ? ` (line ${line})` : ''}: ${rule}: ${why}\n`;
    });
  const head = lines.length > 0 ? 'not reached:\n' : '';
  const share = `${matched} of ${rules} rules reached (${percent.toFixed(1)} %), ${both} of ${tests} outcomes of their tests\n`;
  return `${head}${lines.join('')}${share}`;
}

function read(document: Document): TestFile {
  try {
    return readTestFile(document.value);
  } catch (error) {
    if (error instanceof FieldProblem) throw placed(document, error);
    throw error;
  }
}

function asText({ name, failures, problem }: CaseResult, document: Document): string {
  if (failures.length === 0 && !problem) return `ok    ${name}\n`;
  const lines = [`FAIL  ${name}`];
  if (problem) lines.push(`  ${document.place(problem.path)}: ${problem.text}`);
  for (const { path, what, filling, differences, explanation } of failures) {
    lines.push(`  ${document.place(path)}: ${what}`);
    if (filling.size > 0)
      lines.push(`    with ${[...filling].map(([hole, value]) => `{${hole}} = ${value}`).join(', ')}`);
    for (const { field, expected, got } of differences) {
      lines.push(`    ${field}: expected ${expected}`, `    ${' '.repeat(field.length)}  got ${got}`);
    }
    lines.push(...explanation.map((line) => `      ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

function asJson({ name, path, tries, failures, problem }: CaseResult, document: Document): object {
  return {
    name,
    at: document.place(path),
    passed: failures.length === 0 && !problem,
    tries,
    ...(problem && { problem: { at: document.place(problem.path), text: problem.text } }),
    failures: failures.map(({ path: at, filling, ...rest }) => ({
      at: document.place(at),
      ...rest,
      filling: Object.fromEntries(filling),
    })),
  };
}
