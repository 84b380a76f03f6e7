import { inspect } from 'node:util';
import { type Line, plainText, type Style } from '../journey/text.ts';
import { UserProblem } from './problem.ts';

/** When to colour what is printed. */
export type ColorChoice = 'auto' | 'always' | 'never';

/** Reads the argument of --color. */
export function readColorChoice(text: string): ColorChoice {
  if (text === 'auto' || text === 'always' || text === 'never') return text;
  throw new UserProblem(`--color ${text}: must be auto, always or never`, 2);
}

/** Is standard output to be coloured? `auto`: on a terminal, unless NO_COLOR is set (https://no-color.org). */
export function wantsColor(choice: ColorChoice): boolean {
  if (choice !== 'auto') return choice === 'always';
  return process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
}

/** Columns of the terminal; a usual width where there is none. */
export function outputWidth(): number {
  return Math.max(60, process.stdout.isTTY ? (process.stdout.columns ?? 110) : 110);
}

const FORMATS: Readonly<Record<Style, readonly (keyof typeof inspect.colors)[]>> = {
  plain: [],
  packet: ['bold'],
  hook: ['bold', 'cyan'],
  table: ['cyan'],
  match: ['green'],
  miss: ['gray'],
  value: ['yellow'],
  change: ['magenta'],
  quiet: ['gray'],
  passed: ['bold', 'green'],
  dropped: ['bold', 'red'],
  waiting: ['bold', 'yellow'],
};

/** Lines as text, with a terminal's colours if `color`. */
export function paint(lines: readonly Line[], color: boolean): string {
  if (!color) return plainText(lines);
  return lines.map((line) => `${line.map(({ text, style }) => colored(text, style)).join('')}\n`).join('');
}

function colored(text: string, style: Style): string {
  return FORMATS[style].reduce<string>((inner, name) => {
    const [open, close] = inspect.colors[name]!;
    return `\u001b[${open}m${inner}\u001b[${close}m`;
  }, text);
}
