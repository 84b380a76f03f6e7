import { splitWords, WordsProblem } from '../commands/words.ts';
import type { End } from '../journey/journey.ts';
import { type EndPattern, EndProblem, fitsEnd, readEnd, readPorts } from '../testing/cases/ends.ts';
import type { PacketView } from '../testing/cases/packet-view.ts';
import {
  isNamed,
  ReferenceProblem,
  readExpression,
  readRuleReference,
} from '../testing/cases/rule-reference.ts';
import { protocolNames, protocolNumber } from './protocol-names.ts';

/** What a filter may ask of a packet that has been carried. */
export interface Filtered {
  readonly end: End;
  /** Device it came by; '' for one that a local process sent. */
  readonly device: string;
  /** Number of its record in its capture, from 1. */
  readonly record: number;
  readonly view: () => PacketView | undefined;
}

/** Is this packet one whose journey is wanted? */
export type Filter = (packet: Filtered) => boolean;

/** A word of a filter that is none; the message says what would be. */
export class FilterProblem extends Error {}

const KINDS: readonly End['kind'][] = ['sent', 'delivered', 'dropped', 'waiting', 'stolen', 'replaced'];

interface Word {
  /** What stands behind it, for an error. */
  readonly argument?: string;
  read(argument: string): Filter;
}

const end = (pick: (view: PacketView, pattern: EndPattern) => boolean) => (argument: string) => {
  const pattern = readEnd(argument);
  return ({ view }: Filtered) => {
    const seen = view();
    return seen !== undefined && pick(seen, pattern);
  };
};

const port = (argument: string): Filter => {
  const { first, last } = readPorts(argument);
  const fits = (value: number | undefined) => value !== undefined && value >= first && value <= last;
  return ({ view }) => {
    const seen = view();
    return seen !== undefined && (fits(seen.source.port) || fits(seen.destination.port));
  };
};

const WORDS: Readonly<Record<string, Word>> = {
  ...Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      {
        read:
          () =>
          ({ end }: Filtered) =>
            end.kind === kind,
      },
    ]),
  ),
  all: { read: () => () => true },
  none: { read: () => () => false },
  in: { argument: 'DEVICE', read: (name) => (packet) => packet.device === name },
  out: { argument: 'DEVICE', read: (name) => (packet) => packet.end.devices.includes(name) },
  host: {
    argument: 'ADDRESS',
    read: end((view, to) => fitsEnd(to, view.source) || fitsEnd(to, view.destination)),
  },
  src: { argument: 'ADDRESS', read: end((view, pattern) => fitsEnd(pattern, view.source)) },
  dst: { argument: 'ADDRESS', read: end((view, pattern) => fitsEnd(pattern, view.destination)) },
  port: { argument: 'PORT', read: port },
  proto: {
    argument: 'PROTOCOL',
    read(text) {
      const number = protocolNumber(text);
      if (number === undefined) {
        throw new FilterProblem(`proto ${text}: write ${protocolNames().join(', ')} or a number`);
      }
      return ({ view }) => view()?.protocol === number;
    },
  },
  rule: {
    argument: 'RULE',
    read(text) {
      const reference = readRuleReference(text);
      return (packet) => packet.end.by !== undefined && isNamed(reference, packet.end.by);
    },
  },
  reason: {
    argument: 'TEXT',
    read(text) {
      const found = /^\/(.+)\/(i?)$/s.exec(text);
      const expression = found && readExpression(found[1]!, found[2]!);
      return (packet) => (expression ? expression.test(packet.end.text) : packet.end.text.includes(text));
    },
  },
  record: {
    argument: 'NUMBER',
    read(text) {
      const found = /^(\d{1,12})(?:-(\d{1,12}))?$/.exec(text);
      if (!found) throw new FilterProblem(`record ${text}: write a number, or two as in 3-9`);
      const first = Number(found[1]);
      const last = Number(found[2] ?? found[1]);
      return (packet) => packet.record >= first && packet.record <= last;
    },
  },
};

/** The words of the filter language, for help. */
export function filterWords(): string {
  return Object.entries(WORDS)
    .map(([name, { argument }]) => (argument ? `${name} ${argument}` : name))
    .join(', ');
}

/**
 * Reads a filter: words that all must hold, each of which `not` may stand before: `dropped in wan0 not port 22`.
 * A word's argument with blanks in it is quoted: `rule "nat PREROUTING 1"`.
 * @throws {FilterProblem} with the word and what would be right.
 */
export function readFilter(text: string): Filter {
  const words = split(text);
  if (words.length === 0) throw new FilterProblem(`it is empty; there are ${filterWords()}`);
  const parts: Filter[] = [];
  while (words.length > 0) {
    let name = words.shift()!;
    const isNot = name === 'not' || name === '!';
    if (isNot) name = words.shift() ?? '';
    const word = Object.hasOwn(WORDS, name) ? WORDS[name] : undefined;
    if (!word) throw new FilterProblem(`'${name}' is no word of a filter; there are ${filterWords()}`);
    const argument = word.argument === undefined ? '' : words.shift();
    if (argument === undefined) throw new FilterProblem(`'${name}' needs ${word.argument} behind it`);
    const part = readPart(word, name, argument);
    parts.push(isNot ? (packet) => !part(packet) : part);
  }
  return (packet) => parts.every((part) => part(packet));
}

function split(text: string): string[] {
  try {
    return splitWords(text);
  } catch (error) {
    if (error instanceof WordsProblem) throw new FilterProblem(error.message);
    throw error;
  }
}

function readPart(word: Word, name: string, argument: string): Filter {
  try {
    return word.read(argument);
  } catch (error) {
    if (error instanceof EndProblem || error instanceof ReferenceProblem) {
      throw new FilterProblem(`${name}: ${error.message}`);
    }
    throw error;
  }
}
