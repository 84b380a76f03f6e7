import { get16, get32 } from '../../wire/bytes.ts';
import { IPPROTO_FRAGMENT } from '../../wire/protocols.ts';
import { defineMatch, option } from '../extension.ts';
import { findHeader6, missingHeader6 } from '../header6.ts';
import { isAllNumbers, listLength, listNumbers, numberFits } from '../number-range.ts';
import { range32 } from '../ranges.ts';
import { flag, integer } from '../values.ts';

const LENGTH = 8;
const MORE = 1;
const RESERVED = 6;
const OFFSET = 0xfff8;

export const frag = defineMatch({
  name: 'frag',
  families: [6],
  summary: 'the fragment header of IPv6',
  about:
    'A packet without fragment header never matches, one whose headers are cut off is dropped. Where connection tracking is at ' +
    'work, fragments have been put together before this table, and no packet has the header. `--fraglen` is accepted and ' +
    'printed, but the kernel does not look at it.',
  source: 'net/ipv6/netfilter/ip6t_frag.c frag_mt6',
  options: {
    fragid: option(range32, { invert: true, omit: isAllNumbers, help: 'Identification, or a range.' }),
    fraglen: option(integer(0, 0xffffffff), { invert: true, help: 'Length of the header; has no effect.' }),
    fragres: option(flag, { help: 'The reserved fields are zero.' }),
    fragfirst: option(flag, { help: 'The first fragment: offset 0.' }),
    fragmore: option(flag, { excludes: ['fraglast'], help: 'More fragments follow.' }),
    fraglast: option(flag, { excludes: ['fragmore'], help: 'No fragment follows.' }),
  },
  list: (values) =>
    ` frag ${listNumbers('id', values.fragid)}` +
    listLength(values.fraglen) +
    (values.fragres ? ' reserved' : '') +
    (values.fragfirst ? ' first' : '') +
    (values.fragmore ? ' more' : '') +
    (values.fraglast ? ' last' : ''),
  tests: ({ fragid, fragres, fragfirst, fragmore, fraglast }) => [
    {
      run(packet, place) {
        const at = findHeader6(packet, place, IPPROTO_FRAGMENT, LENGTH);
        if (at < 0) return false;
        const { bytes } = packet;
        const offset = get16(bytes, at + 2);
        return (
          numberFits(get32(bytes, at + 4) >>> 0, fragid) &&
          !(fragres && (bytes[at + 1] !== 0 || (offset & RESERVED) !== 0)) &&
          !(fragfirst && (offset & OFFSET) !== 0) &&
          !(fragmore && (offset & MORE) === 0) &&
          !(fraglast && (offset & MORE) !== 0)
        );
      },
      explain(packet, place) {
        const at = findHeader6(packet, place, IPPROTO_FRAGMENT, LENGTH);
        if (at < 0) return missingHeader6(packet, IPPROTO_FRAGMENT, 'fragment header');
        const { bytes } = packet;
        const offset = get16(bytes, at + 2);
        const id = get32(bytes, at + 4) >>> 0;
        const reserved = bytes[at + 1] !== 0 || (offset & RESERVED) !== 0 ? ', reserved fields set' : '';
        return `id ${id}, offset ${offset & OFFSET}, ${offset & MORE ? 'more follow' : 'the last one'}${reserved}`;
      },
    },
  ],
});
