import { get32 } from '../../wire/bytes.ts';
import { IPPROTO_ROUTING } from '../../wire/protocols.ts';
import { type Address, formatAddress, fromBytes, parseIpv6, sameAddress } from '../address.ts';
import { defineMatch, type Given, option, type ParseContext, type ValueType } from '../extension.ts';
import { findHeader6, missingHeader6 } from '../header6.ts';
import { isAllNumbers, lengthFits, listLength, listNumbers, numberFits } from '../number-range.ts';
import { Problem } from '../problem.ts';
import { range32 } from '../ranges.ts';
import { flag, integer } from '../values.ts';

/** Most addresses of a rule (IP6T_RT_HOPS). */
const MOST = 16;

/** Type 0 must have been asked for, before: only its headers have what these options look at. */
function needTypeZero({ before, option: name }: ParseContext): void {
  const type = before['rt-type'] as Given<number> | undefined;
  if (type?.value !== 0 || type.inverted) {
    throw new Problem(`\`--rt-type 0' required before \`--${name}'`);
  }
}

const reserved: ValueType<true> = {
  ...flag,
  parse(given, context) {
    needTypeZero(context);
    return flag.parse(given, context);
  },
};

const notStrict: ValueType<true> = {
  ...flag,
  parse(given, context) {
    if (!context.has('rt-0-addrs')) {
      throw new Problem("`--rt-0-addr ...' required before `--rt-0-not-strict'");
    }
    return flag.parse(given, context);
  },
};

const hops: ValueType<readonly Address[]> = {
  syntax: 'address[,address…]',
  argument: 'required',
  parse(given, context) {
    needTypeZero(context);
    return given.split(',').map((text, index) => {
      const address = parseIpv6(text);
      if (index >= MOST) throw new Problem('too many addresses specified');
      if (!address) throw new Problem(`bad address: ${text}`);
      return address;
    });
  },
  print: (addresses) => addresses.map(formatAddress).join(','),
};

const number = integer(0, 0xffffffff);

export const rt = defineMatch({
  name: 'rt',
  families: [6],
  summary: 'the routing header of IPv6',
  about:
    'A packet without routing header never matches; one whose headers are cut off, or whose routing header is longer than what is ' +
    'left of it, is dropped. With `--rt-0-addrs` alone the header must list exactly these ' +
    'addresses; with `--rt-0-not-strict` they must occur among its addresses, in this order.',
  source: 'net/ipv6/netfilter/ip6t_rt.c rt_mt6',
  options: {
    'rt-type': option(number, { invert: true, help: 'Type of the header.' }),
    'rt-segsleft': option(range32, {
      invert: true,
      omit: isAllNumbers,
      help: 'Segments left, or a range.',
    }),
    'rt-len': option(number, { invert: true, help: 'Length of the header in bytes.' }),
    'rt-0-res': option(reserved, { help: 'The reserved field of a header of type 0 is zero.' }),
    'rt-0-addrs': option(hops, { help: 'Addresses in a header of type 0.' }),
    'rt-0-not-strict': option(notStrict, { help: 'The addresses are only some of those in the header.' }),
  },
  list(values, context) {
    const type = values['rt-type'];
    const segments = listNumbers('segsleft', values['rt-segsleft']);
    const addresses = values['rt-0-addrs'];
    return (
      ' rt' +
      (type ? ` type:${type.inverted ? '!' : ''}${type.value | 0}` : '') +
      (segments && ` ${segments}`) +
      listLength(values['rt-len']) +
      (values['rt-0-res'] ? ' reserved' : '') +
      (addresses ? ` 0-addrs ${hops.print(addresses.value, context)}` : '') +
      (values['rt-0-not-strict'] ? ' 0-not-strict' : '')
    );
  },
  tests(values) {
    const type = values['rt-type'];
    const wanted = values['rt-0-addrs']?.value;
    const strict = !values['rt-0-not-strict'];
    /** The addresses of the header, of `count` in it. */
    const listed = (bytes: Uint8Array, at: number, count: number): boolean => {
      if (!wanted) return true;
      if (strict && count !== wanted.length) return false;
      let found = 0;
      for (let index = 0; index < count && found < wanted.length; index++) {
        if (sameAddress(fromBytes(bytes, at + 8 + index * 16, 16), wanted[found]!)) found++;
        else if (strict) return false;
      }
      return found === wanted.length;
    };
    return [
      {
        run(packet, place) {
          const at = findHeader6(packet, place, IPPROTO_ROUTING, 4);
          if (at < 0) return false;
          const { bytes, end } = packet;
          const length = (bytes[at + 1]! + 1) * 8;
          if (at + length > end) {
            place.drop = true;
            return false;
          }
          return (
            numberFits(bytes[at + 3]!, values['rt-segsleft']) &&
            lengthFits(length, values['rt-len']) &&
            (!type || (bytes[at + 2] === type.value) !== type.inverted) &&
            (!values['rt-0-res'] || get32(bytes, at + 4) === 0) &&
            listed(bytes, at, (length - 8) >> 4)
          );
        },
        explain(packet, place) {
          const at = findHeader6(packet, place, IPPROTO_ROUTING, 4);
          if (at < 0) return missingHeader6(packet, IPPROTO_ROUTING, 'routing header');
          const { bytes, end } = packet;
          const length = (bytes[at + 1]! + 1) * 8;
          const said = `type ${bytes[at + 2]}, ${bytes[at + 3]} segments left, ${length} bytes`;
          if (at + length > end) return `${said}, longer than the packet, which is dropped`;
          if (bytes[at + 2] !== 0) return said;
          const addresses = Array.from({ length: (length - 8) >> 4 }, (_, index) =>
            formatAddress(fromBytes(bytes, at + 8 + index * 16, 16)),
          );
          const reserved = get32(bytes, at + 4) === 0 ? '' : ', reserved field set';
          return `${said}${reserved}, addresses ${addresses.join(',') || 'none'}`;
        },
      },
    ];
  },
});
