import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import type { Place } from '../place.ts';
import { Problem } from '../problem.ts';
import { range16 } from '../ranges.ts';
import type { Range } from '../values.ts';

const TCP = 6;
const TCP_HEADER = 20;
const MSS = 2;
const MSS_LENGTH = 4;
const NOP = 1;

const sizes: ValueType<Range> = {
  ...range16,
  parse(given, context) {
    const range = range16.parse(given, context);
    if (range.min > range.max) throw new Problem('tcpmss: invalid range given');
    return range;
  },
};

const NO_MSS = -1;
const MALFORMED = -2;

/** The MSS option's value, or one of these (net/netfilter/xt_tcpmss.c tcpmss_mt). */
function mssOf({ bytes, end }: Packet, { transport }: Place): number {
  if (transport + TCP_HEADER > end) return MALFORMED;
  const last = transport + (bytes[transport + 12]! >> 4) * 4;
  if (last < transport + TCP_HEADER || last > end) return MALFORMED;
  for (let at = transport + TCP_HEADER; at < last; ) {
    const kind = bytes[at]!;
    if (kind === MSS && last - at >= MSS_LENGTH && bytes[at + 1] === MSS_LENGTH) {
      return (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    // The end of the list does not end it here, as in Linux.
    at += kind <= NOP || at + 1 >= last ? 1 : bytes[at + 1]! || 1;
  }
  return NO_MSS;
}

export const tcpmss = defineMatch({
  name: 'tcpmss',
  summary: 'the maximum segment size that a TCP header announces',
  about:
    'A header that is cut off drops the packet. Without the option only an inverted test fits. Segments other than SYN have no ' +
    'such option, so it stands beside `-p tcp --tcp-flags SYN,RST SYN`.',
  source: 'net/netfilter/xt_tcpmss.c tcpmss_mt',
  protocol: TCP,
  options: {
    mss: option(sizes, { required: true, invert: true, help: 'Bytes, or a range of them.' }),
  },
  list: ({ mss }, context) =>
    mss ? ` tcpmss match ${mss.inverted ? '!' : ''}${sizes.print(mss.value, context)}` : '',
  tests({ mss }) {
    if (!mss) return [];
    const { value, inverted } = mss;
    return [
      {
        option: 'mss',
        run(packet, place) {
          const size = mssOf(packet, place);
          if (size === MALFORMED) {
            place.drop = true;
            return false;
          }
          return (size >= value.min && size <= value.max) !== inverted;
        },
        explain(packet, place) {
          const size = mssOf(packet, place);
          if (size === MALFORMED) return 'its TCP header is cut off: the packet is dropped';
          return size === NO_MSS ? 'no such option' : String(size);
        },
      },
    ];
  },
});
