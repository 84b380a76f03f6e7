import { get16, get32 } from '../../wire/bytes.ts';
import { ipv6ExtensionLength } from '../../wire/ipv6-extensions.ts';
import { IPPROTO_AH } from '../../wire/protocols.ts';
import { defineMatch, option } from '../extension.ts';
import { findHeader6, missingHeader6 } from '../header6.ts';
import { lengthFits, listLength, listNumbers, numberFits } from '../number-range.ts';
import { spiMatch, spiOption } from '../spi.ts';
import { flag, integer } from '../values.ts';

const HEADER_LENGTH = 12;

const ah4 = spiMatch({
  name: 'ah',
  families: [4],
  protocol: IPPROTO_AH,
  option: 'ahspi',
  field: 'ah.spi',
  summary: 'SPI of an authentication header',
  source: 'net/ipv4/netfilter/ipt_ah.c ah_mt',
  list: (shown) => ` ah ${shown}`,
});

const ah6 = defineMatch({
  name: 'ah',
  families: [6],
  summary: 'the authentication header',
  about:
    'A packet without this header never matches; one whose headers are cut off is dropped, also where this header is longer ' +
    'than what is left.',
  source: 'net/ipv6/netfilter/ip6t_ah.c ah_mt6',
  options: {
    ahspi: spiOption,
    ahlen: option(integer(0, 0xffffffff), {
      invert: true,
      omit: ({ value, inverted }) => value === 0 && !inverted,
      help: 'Length of the header in bytes; 0 for any.',
    }),
    ahres: option(flag, { help: 'The reserved field is zero.' }),
  },
  // The real tool writes no blank between the two.
  list: ({ ahspi, ahlen, ahres }) =>
    ` ah ${listNumbers('spi', ahspi)}${ahlen && (ahlen.value || ahlen.inverted) ? listLength(ahlen).trimStart() : ''}` +
    (ahres ? ' reserved' : ''),
  tests: ({ ahspi, ahlen, ahres }) => [
    {
      run(packet, place) {
        const at = findHeader6(packet, place, IPPROTO_AH, HEADER_LENGTH);
        if (at < 0) return false;
        const { bytes, end } = packet;
        const length = ipv6ExtensionLength(bytes, at, IPPROTO_AH);
        if (at + length > end) {
          place.drop = true;
          return false;
        }
        return (
          numberFits(get32(bytes, at + 4) >>> 0, ahspi) &&
          (!ahlen?.value || lengthFits(length, ahlen)) &&
          !(ahres && get16(bytes, at + 2) !== 0)
        );
      },
      explain(packet, place) {
        const at = findHeader6(packet, place, IPPROTO_AH, HEADER_LENGTH);
        if (at < 0) return missingHeader6(packet, IPPROTO_AH, 'authentication header');
        const { bytes, end } = packet;
        const length = ipv6ExtensionLength(bytes, at, IPPROTO_AH);
        const cut = at + length > end ? ', longer than the packet, which is dropped' : '';
        return `SPI ${get32(bytes, at + 4) >>> 0}, ${length} bytes${cut}`;
      },
    },
  ],
});

export const ah = [ah4, ah6];
