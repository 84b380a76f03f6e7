import type { Packet } from '../../netfilter/packet.ts';
import { ipv6ExtensionLength, isIpv6Extension } from '../../wire/ipv6-extensions.ts';
import * as protocols from '../../wire/protocols.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { flag } from '../values.ts';

/** Number of the protocol that stands for everything that is no extension header. */
const TRANSPORT = 255;

/** Kinds of headers: number, bit, name in `-S`, short name; in the order in which they are printed. */
const KINDS: readonly (readonly [number: number, bit: number, name: string, short: string])[] = [
  [protocols.IPPROTO_HOPOPTS, 0x80, 'hop-by-hop', 'hop'],
  [protocols.IPPROTO_DSTOPTS, 0x40, 'ipv6-opts', 'dst'],
  [protocols.IPPROTO_ROUTING, 0x20, 'ipv6-route', 'route'],
  [protocols.IPPROTO_FRAGMENT, 0x10, 'ipv6-frag', 'frag'],
  [protocols.IPPROTO_AH, 0x08, 'ah', 'auth'],
  [protocols.IPPROTO_ESP, 0x04, 'esp', 'esp'],
  [protocols.IPPROTO_NONE, 0x02, 'ipv6-nonxt', 'none'],
  [TRANSPORT, 0x01, 'protocol', 'prot'],
];
const BITS: ReadonlyMap<number, number> = new Map(KINDS.map(([number, bit]) => [number, bit]));
const TRANSPORT_BIT = 0x01;
const EXTENSION_LENGTH = 2;

const printed = (bits: number): string =>
  KINDS.filter(([, bit]) => (bits & bit) !== 0)
    .map(([, , name]) => name)
    .join(',');

const headers: ValueType<number> = {
  syntax: 'header[,header…]',
  argument: 'required',
  choices: KINDS.map(([, , name]) => name),
  parse(given, { names }) {
    const words = given.split(',').filter((word) => word !== '');
    if (words.length === 0) throw new Problem('ip6t_ipv6header: cannot parse header names');
    let bits = 0;
    for (const word of words) {
      const kind = KINDS.find(([value, , name, short]) => [name, short, String(value)].includes(word));
      const number = kind?.[0] ?? names.protocolNumber(word);
      const bit = BITS.get(number ?? -1);
      if (bit === undefined) throw new Problem(`unknown header \`${number ?? word}' specified`);
      bits |= bit;
    }
    return bits;
  },
  print: printed,
};

const CUT = -1;

/** Bits of the headers that a packet has; CUT if it ends among them (ipv6header_mt6). */
function headersOf({ bytes, network, end }: Packet): number {
  let next = bytes[network + 6]!;
  let at = network + 40;
  let bits = 0;
  while (isIpv6Extension(next) || next === protocols.IPPROTO_ESP) {
    if (next === protocols.IPPROTO_NONE) return bits | BITS.get(next)!;
    if (at + EXTENSION_LENGTH > end) return CUT;
    bits |= BITS.get(next)!;
    if (next === protocols.IPPROTO_ESP) return bits;
    const length = ipv6ExtensionLength(bytes, at, next);
    next = bytes[at]!;
    at += length;
    if (at > end) break;
  }
  return next === protocols.IPPROTO_NONE || next === protocols.IPPROTO_ESP ? bits : bits | TRANSPORT_BIT;
}

export const ipv6header = defineMatch({
  name: 'ipv6header',
  families: [6],
  summary: 'which headers an IPv6 packet has',
  about:
    'Without `--soft` the packet must have exactly these headers, with it at least these; `protocol` stands for whatever follows ' +
    'the extension headers. Inverted, and without `--soft`: any other set of headers; inverted with `--soft`: none of these.',
  source: 'net/ipv6/netfilter/ip6t_ipv6header.c ipv6header_mt6',
  options: {
    header: option(headers, { required: true, invert: true, help: 'Headers, by name or number.' }),
    soft: option(flag, { help: 'Others may be there as well.' }),
  },
  list({ header, soft }, { numeric }) {
    if (!header) return ' ipv6header';
    const shown = numeric
      ? `0x${header.value.toString(16).toUpperCase().padStart(2, '0')}`
      : printed(header.value);
    return ` ipv6header flags:${header.inverted ? '!' : ''}${shown}${soft ? ' soft' : ''}`;
  },
  tests({ header, soft }) {
    if (!header) return [];
    const { value: wanted, inverted } = header;
    return [
      {
        option: 'header',
        run(packet) {
          const bits = headersOf(packet);
          if (bits < 0) return false;
          if (soft) return (bits & wanted) === (inverted ? 0 : wanted);
          return (bits === wanted) !== inverted;
        },
        explain(packet) {
          const bits = headersOf(packet);
          return bits < 0 ? 'its headers are cut off' : printed(bits);
        },
      },
    ];
  },
});
