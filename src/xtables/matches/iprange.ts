import type { Packet } from '../../netfilter/packet.ts';
import { type Address, formatAddress, fromBytes, parseDotted, parseIpv6 } from '../address.ts';
import { defineMatch, type Given, type Match, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';

interface AddressRange {
  readonly from: Address;
  readonly to: Address;
}

/** As unsigned numbers, the most significant word first: negative, 0 or positive. */
function compare(a: Address, b: Address): number {
  for (let word = 0; word < a.length; word++) {
    const difference = (a[word]! >>> 0) - (b[word]! >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const range: ValueType<AddressRange> = {
  syntax: 'address[-address]',
  argument: 'required',
  parse(given, { family, extension, option: name, warn }) {
    const dash = given.indexOf('-');
    const read = (text: string): Address => {
      const address = family === 4 ? parseDotted(text) : parseIpv6(text);
      if (address) return address;
      throw new Problem(`${extension}: Bad value for "--${name}" option: "${text}"`);
    };
    if (dash < 0) {
      const only = read(given);
      return { from: only, to: only };
    }
    const from = read(given.slice(0, dash));
    const to = read(given.slice(dash + 1));
    if (compare(from, to) > 0) {
      warn(`xt_iprange: range ${given} is reversed and will never match\n`);
    }
    return { from, to };
  },
  print: ({ from, to }) => `${formatAddress(from)}-${formatAddress(to)}`,
};

/** Whether four or sixteen bytes lie in a range; without an array for each packet. */
function lies(bytes: Uint8Array, at: number, { from, to }: AddressRange): boolean {
  let above = 0;
  let below = 0;
  for (let word = 0; word < from.length && (above === 0 || below === 0); word++) {
    const o = at + word * 4;
    const value = ((bytes[o]! << 24) | (bytes[o + 1]! << 16) | (bytes[o + 2]! << 8) | bytes[o + 3]!) >>> 0;
    if (above === 0) above = value - (from[word]! >>> 0);
    if (below === 0) below = (to[word]! >>> 0) - value;
  }
  return above >= 0 && below >= 0;
}

const source = ({ network, family }: Packet): number => network + (family === 4 ? 12 : 8);
const destination = ({ network, family }: Packet): number => network + (family === 4 ? 16 : 24);

function test(name: string, given: Given<AddressRange> | undefined, place: (packet: Packet) => number) {
  if (!given) return [];
  const { value, inverted } = given;
  return [
    {
      option: name,
      run: (packet: Packet) => lies(packet.bytes, place(packet), value) !== inverted,
      explain: (packet: Packet) =>
        formatAddress(fromBytes(packet.bytes, place(packet), packet.family === 4 ? 4 : 16)),
    },
  ];
}

export const iprange: Match = defineMatch({
  name: 'iprange',
  revision: 1,
  summary: 'ranges of addresses',
  about: 'Both ends belong to the range. One that is written backwards holds nothing; the command warns.',
  source: 'net/netfilter/xt_iprange.c iprange_mt4, iprange_mt6',
  options: {
    'src-range': option(range, { invert: true, help: 'Source address.' }),
    'dst-range': option(range, { invert: true, help: 'Destination address.' }),
  },
  verify(values) {
    if (!values['src-range'] && !values['dst-range']) {
      throw new Problem("iprange match: You must specify `--src-range' or `--dst-range'");
    }
  },
  list(values, context) {
    const part = (name: string, given: Given<AddressRange> | undefined): string =>
      given ? ` ${name} IP range${given.inverted ? ' !' : ''} ${range.print(given.value, context)}` : '';
    return part('source', values['src-range']) + part('destination', values['dst-range']);
  },
  tests: (values) => [
    ...test('src-range', values['src-range'], source),
    ...test('dst-range', values['dst-range'], destination),
  ],
});
