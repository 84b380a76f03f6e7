import type { Packet } from '../../netfilter/packet.ts';
import { Automaton, isAutomaton } from '../automaton.ts';
import { defineMatch, type Given, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { Search } from '../search.ts';
import { flag, integer, text } from '../values.ts';

/** The longest pattern (XT_STRING_MAX_PATTERN_SIZE). */
const LONGEST = 128;
const LAST_OFFSET = 65535;

/** The bytes to look for; the characters of the text are bytes. */
const plain: ValueType<string> = {
  syntax: 'pattern',
  argument: 'required',
  parse(given) {
    if (given.length > LONGEST) throw new Problem(`STRING too long "${given}"`);
    return given;
  },
  print: quoted,
};

/** As {@link plain}, with bytes in hexadecimal between bars: `GET |2f|index`. */
const withHex: ValueType<string> = {
  syntax: 'pattern',
  argument: 'required',
  parse: readHex,
  print: quoted,
};

/** A pattern with hexadecimal parts, with the real tool's odd corners: two bars in a row, blanks, a bar at the end. */
function readHex(given: string): string {
  if (given === '') throw new Problem('STRING must contain at least one char');
  let pattern = '';
  let hex = false;
  for (let at = 0; at < given.length; ) {
    // A bar behind the last byte that there is room for is too much, too.
    if (pattern.length >= LONGEST) throw new Problem(`STRING too long "${given}"`);
    let literal = false;
    if (given[at] === '\\') {
      if (hex) throw new Problem('Cannot include literals in hex data');
      literal = true;
    } else if (given[at] === '|') {
      hex = !hex;
      if (hex) while (given[at + 1] === ' ') at++;
      if (at + 1 >= given.length) break;
      at++;
    }
    if (literal) {
      if (at + 1 >= given.length) throw new Problem('Bad literal placement at end of string');
      pattern += given[at + 1];
      at += 2;
    } else if (hex) {
      if (at + 1 >= given.length) throw new Problem('Odd number of hex digits');
      if (at + 2 >= given.length) throw new Problem('Invalid hex block');
      for (const digit of [given[at]!, given[at + 1]!]) {
        if (!/[0-9a-fA-F]/.test(digit)) throw new Problem(`Invalid hex char '${digit}'`);
      }
      pattern += String.fromCharCode(Number.parseInt(given.slice(at, at + 2), 16));
      at += given[at + 2] === ' ' ? 3 : 2;
    } else {
      pattern += given[at];
      at++;
    }
  }
  return pattern;
}

/** Bytes that do not print, or a backslash at the end, make the real tool write the pattern in hexadecimal. */
function needsHex(pattern: string): boolean {
  return /[^ -~]/.test(pattern) || pattern.endsWith('\\');
}

function quoted(pattern: string): string {
  if (!needsHex(pattern)) return `"${pattern.replace(/["\\]/g, (character) => `\\${character}`)}"`;
  return `"|${[...pattern].map((character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('')}|"`;
}

/** The option that `-S` names for a pattern. */
function nameOf(pattern: Given<string>): string {
  return `${pattern.inverted ? ' !' : ''} --${needsHex(pattern.value) ? 'hex-' : ''}string`;
}

const algorithm: ValueType<string> = {
  ...text(Number.POSITIVE_INFINITY, 0, 'bm|kmp|fsm'),
  choices: ['bm', 'kmp', 'fsm'],
};
const position = integer(0, LAST_OFFSET, 'offset');

export const string = defineMatch({
  name: 'string',
  revision: 1,
  summary: 'bytes somewhere in the packet',
  about:
    'The search begins `--from` bytes behind the first byte of the IP header and the pattern must end before `--to`. A ' +
    'packet is searched by itself: a pattern that is spread over two segments is not found. `bm` and `kmp` differ only ' +
    'in the way they search; `fsm` takes a pattern of binary tokens of type, recurrence and value for an automaton.',
  source: 'net/netfilter/xt_string.c string_mt; net/core/skbuff.c skb_find_text',
  options: {
    string: option(plain, {
      invert: true,
      excludes: ['hex-string'],
      help: 'The bytes, as they are.',
    }),
    'hex-string': option(withHex, {
      invert: true,
      excludes: ['string'],
      help: 'The bytes, with parts in hexadecimal between bars.',
    }),
    algo: option(algorithm, { required: true, help: 'How to search.' }),
    from: option(position, { help: 'Offset at which the search begins, 0 if left out.' }),
    to: option(position, { help: 'Offset at which it ends, 65535 if left out.' }),
    icase: option(flag, { help: 'Capital and small letters (of Latin-1) are the same.' }),
  },
  verify(values) {
    if (!values.string && !values['hex-string']) {
      throw new Problem("STRING match: You must specify `--string' or `--hex-string'");
    }
  },
  settle({ 'hex-string': hex, from, to, ...values }) {
    return {
      ...values,
      ...(hex && { string: hex }),
      ...(from && from.value !== 0 && { from }),
      ...(to && to.value !== LAST_OFFSET && { to }),
    };
  },
  save({ string: pattern, algo, from, to, icase }) {
    if (!pattern) return '';
    const first = from ? ` --from ${from.value}` : '';
    const last = to ? ` --to ${to.value}` : '';
    return `${nameOf(pattern)} ${quoted(pattern.value)} --algo ${algo?.value}${first}${last}${icase ? ' --icase' : ''}`;
  },
  list({ string: pattern, algo, from, to, icase }) {
    if (!pattern) return '';
    const first = from ? ` FROM ${from.value}` : '';
    const last = to ? ` TO ${to.value}` : '';
    const invert = pattern.inverted ? '! ' : ' ';
    return ` STRING match ${invert}${quoted(pattern.value)} ALGO name ${algo?.value}${first}${last}${icase ? ' ICASE' : ''}`;
  },
  check({ string: pattern, algo, from, to, icase }) {
    if ((from?.value ?? 0) > (to?.value ?? LAST_OFFSET)) return 'EINVAL';
    const { length } = pattern?.value ?? '';
    if (length > LONGEST || length === 0) return 'EINVAL';
    if (algo?.value === 'bm' || algo?.value === 'kmp') return undefined;
    if (algo?.value !== 'fsm') return 'ENOENT';
    return icase || !isAutomaton(bytesOf(pattern!.value)) ? 'EINVAL' : undefined;
  },
  tests({ string: pattern, algo, from, to, icase }) {
    if (!pattern) return [];
    const bytes = bytesOf(pattern.value);
    const search =
      algo?.value === 'fsm'
        ? new Automaton(bytes)
        : new Search(bytes, icase !== undefined, algo?.value === 'bm');
    const first = from?.value ?? 0;
    const last = to?.value ?? LAST_OFFSET;
    const place = ({ bytes: data, network, end }: Packet): number =>
      search.find(data, network, end, first, last);
    return [
      {
        option: 'string',
        run(packet) {
          return place(packet) >= 0 !== pattern.inverted;
        },
        explain: (packet) =>
          pattern.inverted
            ? `found at byte ${place(packet)}`
            : `not in bytes ${first} to ${Math.min(packet.end - packet.network, last)}`,
      },
    ];
  },
});

const bytesOf = (pattern: string): Uint8Array =>
  Uint8Array.from(pattern, (character) => character.charCodeAt(0));
