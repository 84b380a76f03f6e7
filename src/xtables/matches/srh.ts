import type { Packet } from '../../netfilter/packet.ts';
import { Ipv6Walk, NOT_FOUND } from '../../wire/ipv6-extensions.ts';
import { IPPROTO_ROUTING } from '../../wire/protocols.ts';
import { formatAddress, fromBytes, masked, prefixLength, sameAddress } from '../address.ts';
import { defineMatch, type Given, option, type ValueType } from '../extension.ts';
import { type HostMask, hostMask, narrow } from '../hosts.ts';
import { integer } from '../values.ts';

const WALK = new Ipv6Walk();
/** Type of a segment routing header, and its length up to the list of segments (RFC 8754 section 2). */
const SEGMENT_ROUTING = 4;
const FIXED = 8;

const byte = integer(0, 255);

/** The length of the prefix is always printed; bits behind it are kept. */
const segment: ValueType<HostMask> = {
  ...hostMask,
  print: ({ address, mask }) => `${formatAddress(address)}/${prefixLength(narrow(mask, 6)) ?? 0}`,
};

const numberOption = (help: string) => option(byte, { invert: true, help });
const segmentOption = (help: string) => option(segment, { invert: true, help });

/** Options that share one number: the kernel has room for one, so that the last one given counts for all of them. */
const GROUPS = [
  ['srh-hdr-len-eq', 'srh-hdr-len-gt', 'srh-hdr-len-lt'],
  ['srh-segs-left-eq', 'srh-segs-left-gt', 'srh-segs-left-lt'],
  ['srh-last-entry-eq', 'srh-last-entry-gt', 'srh-last-entry-lt'],
] as const;

const ORDER = ['srh-next-hdr', ...GROUPS.flat(), 'srh-tag', 'srh-psid', 'srh-nsid', 'srh-lsid'] as const;

type Comparison = 'eq' | 'gt' | 'lt';
const HOLDS: Readonly<Record<Comparison, (value: number, than: number) => boolean>> = {
  eq: (value, than) => value === than,
  gt: (value, than) => value > than,
  lt: (value, than) => value < than,
};
const comparisonOf = (key: string): Comparison =>
  key.endsWith('gt') ? 'gt' : key.endsWith('lt') ? 'lt' : 'eq';

/** Where each group's number stands in the header: its length in units of 8 bytes, segments left, last entry. */
const OFFSETS = [1, 3, 4];

/** Offset of a segment routing header that makes sense; -1 if there is none. */
function find({ bytes, network, end }: Packet): number {
  if (!WALK.find(bytes, network, end, IPPROTO_ROUTING)) return -1;
  const at = WALK.offset;
  if (at + FIXED > end || at + (bytes[at + 1]! + 1) * 8 > end) return -1;
  return bytes[at + 2] === SEGMENT_ROUTING && bytes[at + 3]! <= bytes[at + 4]! ? at : -1;
}

export const srh = defineMatch({
  name: 'srh',
  families: [6],
  revision: 1,
  summary: 'the segment routing header of IPv6',
  about:
    'A packet without a sound header of this kind never matches. The three comparisons of one number share its value, so that of ' +
    '`--srh-hdr-len-gt 3 --srh-hdr-len-lt 9` only the 9 is left. The tag is compared as the bytes lie in the packet, which ' +
    'on this kind of machine is not the order in which it is written.',
  source: 'net/ipv6/netfilter/ip6t_srh.c srh1_mt6',
  options: {
    'srh-next-hdr': numberOption('Number of the header that follows.'),
    'srh-hdr-len-eq': numberOption('Length of the header in units of 8 bytes, without the first.'),
    'srh-hdr-len-gt': numberOption('A greater length.'),
    'srh-hdr-len-lt': numberOption('A smaller length.'),
    'srh-segs-left-eq': numberOption('Segments left.'),
    'srh-segs-left-gt': numberOption('More segments left.'),
    'srh-segs-left-lt': numberOption('Fewer segments left.'),
    'srh-last-entry-eq': numberOption('Index of the last segment in the list.'),
    'srh-last-entry-gt': numberOption('A greater index.'),
    'srh-last-entry-lt': numberOption('A smaller index.'),
    'srh-tag': option(integer(0, 65535), { invert: true, help: 'Tag.' }),
    'srh-psid': segmentOption('The segment before the one in use.'),
    'srh-nsid': segmentOption('The segment behind the one in use.'),
    'srh-lsid': segmentOption('The last segment.'),
  },
  settle(values) {
    const settled: Record<string, Given<unknown> | undefined> = { ...values };
    for (const group of GROUPS) {
      const given = group.flatMap((key) => values[key] ?? []);
      const last = given.reduce((a, b) => ((b.order ?? 0) > (a.order ?? 0) ? b : a), given[0]!);
      for (const key of group) {
        const own = values[key];
        if (own) settled[key] = { ...own, value: last.value };
      }
    }
    return settled as typeof values;
  },
  list(values, context) {
    const parts = [' srh'];
    for (const key of ORDER) {
      const given = values[key];
      if (!given) continue;
      const name = key.slice('srh-'.length);
      const not = given.inverted ? '!' : '';
      parts.push(
        typeof given.value === 'number'
          ? `${name}:${not}${given.value}`
          : `${name} ${not} ${segment.print(given.value, context)}`,
      );
    }
    return parts.join(' ');
  },
  tests(values) {
    const { 'srh-next-hdr': nextHeader, 'srh-tag': tag } = values;
    const numbers = GROUPS.flatMap((group, index) =>
      group.flatMap((key) => {
        const given = values[key];
        return given ? [{ given, offset: OFFSETS[index]!, compare: HOLDS[comparisonOf(key)] }] : [];
      }),
    );
    const fits = (bytes: Uint8Array, at: number, end: number, given: Given<HostMask>): boolean => {
      if (at + 16 > end) return false;
      const { address, mask } = given.value;
      const wide = narrow(mask, 6);
      return sameAddress(masked(fromBytes(bytes, at, 16), wide), masked(address, wide)) !== given.inverted;
    };
    const { 'srh-psid': previous, 'srh-nsid': next, 'srh-lsid': last } = values;
    return [
      {
        run(packet) {
          const at = find(packet);
          if (at < 0) return false;
          const { bytes, end } = packet;
          const left = bytes[at + 3]!;
          const list = at + FIXED;
          return (
            (!nextHeader || (bytes[at] === nextHeader.value) !== nextHeader.inverted) &&
            numbers.every(
              ({ given, offset, compare }) => compare(bytes[at + offset]!, given.value) !== given.inverted,
            ) &&
            (!tag || (littleEndian(bytes, at + 6) === tag.value) !== tag.inverted) &&
            (!previous || (left !== bytes[at + 4] && fits(bytes, list + (left + 1) * 16, end, previous))) &&
            (!next || (left !== 0 && fits(bytes, list + (left - 1) * 16, end, next))) &&
            (!last || fits(bytes, list, end, last))
          );
        },
        explain: said,
      },
    ];
  },
});

/** What the header says, or why there is none. */
function said(packet: Packet): string {
  const { bytes, network, end } = packet;
  if (!WALK.find(bytes, network, end, IPPROTO_ROUTING)) {
    return WALK.protocol === NOT_FOUND ? 'no routing header' : 'its headers are cut off';
  }
  const at = WALK.offset;
  if (at + 4 <= end && bytes[at + 2] !== SEGMENT_ROUTING) return `a routing header of type ${bytes[at + 2]}`;
  if (at + FIXED > end || at + (bytes[at + 1]! + 1) * 8 > end) return 'its routing header is cut off';
  const [next, length, , left, last] = bytes.subarray(at, at + FIXED);
  if (left! > last!) return `${left} segments left, but ${last} is the last entry`;
  const count = Math.min(last! + 1, (length! * 8) >> 4);
  const segments = Array.from({ length: count }, (_, index) =>
    formatAddress(fromBytes(bytes, at + FIXED + index * 16, 16)),
  );
  const numbers = `next header ${next}, length ${length}, ${left} segments left, last entry ${last}`;
  return `${numbers}, tag ${littleEndian(bytes, at + 6)}, segments ${segments.join(',')}`;
}

/** The tag as the kernel compares it: without turning it into the machine's order (srh1_mt6). */
function littleEndian(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}
