/** Hop-by-hop and destination options headers: one match each, the same but for names (net/ipv6/netfilter/ip6t_hbh.c). */
import type { Packet } from '../netfilter/packet.ts';
import { defineMatch, type Match, option, type ValueType } from './extension.ts';
import { findHeader6, missingHeader6 } from './header6.ts';
import { lengthFits, listLength } from './number-range.ts';
import { Problem } from './problem.ts';
import { integer, readUnsigned } from './values.ts';

/** Most options of a rule (IP6T_OPTS_OPTSNR). */
const MOST = 16;
/** A length that stands for any; it cannot be asked for itself. */
const ANY = 255;
const PAD1 = 0;

interface Wanted {
  readonly type: number;
  readonly length: number;
}

/** As C's strtoul; only the lower 8 bits count. */
function byte(text: string, extension: string, what: string): number {
  const read = readUnsigned(text);
  if (read && read.rest === '') return Number(read.value & 0xffn);
  if (read) throw new Problem(`${extension}: error parsing ${what} \`${text}'`);
  if (/^[ \t\n\v\f\r]*[+-]?[0-9]/.test(text)) {
    throw new Problem(`${what} \`${text}' specified too big: would overflow`);
  }
  throw new Problem(`${extension}: no valid digits in ${what} \`${text}'`);
}

const optionList = (padHasNoLength: string): ValueType<readonly Wanted[]> => ({
  syntax: 'type[:length][,…]',
  argument: 'required',
  parse(given, { extension }) {
    return given.split(',').map((text, index) => {
      if (index >= MOST) throw new Problem('too many addresses specified');
      const colon = text.indexOf(':');
      if (colon < 0) return { type: byte(text, extension, 'opt'), length: ANY };
      // The last one that there is room for cannot have a length.
      if (index === MOST - 1) throw new Problem('too many ports specified');
      const type = byte(text.slice(0, colon), extension, 'opt');
      if (type === PAD1) throw new Problem(padHasNoLength);
      return { type, length: byte(text.slice(colon + 1), extension, 'length') };
    });
  },
  print: printed,
});

function printed(wanted: readonly Wanted[]): string {
  return wanted.map(({ type, length }) => (length === ANY ? String(type) : `${type}:${length}`)).join(',');
}

export interface OptionsHeader {
  readonly name: 'hbh' | 'dst';
  /** Number of the header. */
  readonly kind: number;
  /** In messages: `hop-by-hop header`. */
  readonly title: string;
  /** The complaint about a length of Pad1. */
  readonly padHasNoLength: string;
}

export function optionsMatch({ name, kind, title, padHasNoLength }: OptionsHeader): Match {
  const lengthKey = `${name}-len`;
  const optionsKey = `${name}-opts`;
  return defineMatch({
    name,
    families: [6],
    summary: `the ${title} of IPv6`,
    about:
      'A packet without this header never matches, one whose headers are cut off is dropped, also where this header is longer than what is left. The options asked for must be ' +
      'the first of the header, in this order, paddings among them; a length of 255 stands for any.',
    source: 'net/ipv6/netfilter/ip6t_hbh.c hbh_mt6',
    options: {
      [lengthKey]: option(integer(0, 0xffffffff), {
        invert: true,
        help: 'Length of the header in bytes.',
      }),
      [optionsKey]: option(optionList(padHasNoLength), {
        help: 'Its first options: type and, if it matters, length.',
      }),
    },
    list(values) {
      const given = optionsOf(values[optionsKey]);
      return ` ${name}${listLength(lengthOf(values[lengthKey]))}${given ? ` opts ${printed(given)}` : ''}`;
    },
    tests(values) {
      const wantedLength = lengthOf(values[lengthKey]);
      const wanted = optionsOf(values[optionsKey]);
      return [
        {
          run(packet, place) {
            const at = findHeader6(packet, place, kind, 2);
            if (at < 0) return false;
            const length = (packet.bytes[at + 1]! + 1) * 8;
            if (at + length > packet.end) {
              place.drop = true;
              return false;
            }
            return (
              lengthFits(length, wantedLength) && (!wanted || begins(packet, at + 2, at + length, wanted))
            );
          },
          explain(packet, place) {
            const at = findHeader6(packet, place, kind, 2);
            if (at < 0) return missingHeader6(packet, kind, title);
            const length = (packet.bytes[at + 1]! + 1) * 8;
            if (at + length > packet.end) return `${length} bytes, longer than the packet, which is dropped`;
            return `${length} bytes, options ${optionsFrom(packet.bytes, at + 2, at + length).join(',')}`;
          },
        },
      ];
    },
  });

  function lengthOf(given: unknown) {
    return given as { value: number; inverted: boolean } | undefined;
  }
  function optionsOf(given: unknown) {
    return (given as { value: readonly Wanted[] } | undefined)?.value;
  }
}

/** Whether the bytes begin with these options. The last one may be longer than the header, as the kernel has it. */
function begins({ bytes }: Packet, from: number, to: number, wanted: readonly Wanted[]): boolean {
  let at = from;
  for (const { type, length } of wanted) {
    if (at >= to || bytes[at] !== type) return false;
    if (type === PAD1) at++;
    else {
      if (at + 1 >= to) return false;
      const own = bytes[at + 1]!;
      if (length !== ANY && length !== own) return false;
      at += own + 2;
    }
  }
  return true;
}

function optionsFrom(bytes: Uint8Array, from: number, to: number): string[] {
  const found: string[] = [];
  for (let at = from; at < to; ) {
    const type = bytes[at]!;
    found.push(type === PAD1 || at + 1 >= to ? String(type) : `${type}:${bytes[at + 1]}`);
    at += type === PAD1 ? 1 : (bytes[at + 1] ?? 0) + 2;
  }
  return found;
}
