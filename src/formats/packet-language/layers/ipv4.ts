import { checksum } from '../../../wire/checksum.ts';
import {
  IPV4_CHECKSUM_AT,
  IPV4_DESTINATION_AT,
  IPV4_FRAGMENT_AT,
  IPV4_ID_AT,
  IPV4_LENGTH,
  IPV4_OPTION_END,
  IPV4_OPTION_LOOSE_ROUTE,
  IPV4_OPTION_NOP,
  IPV4_OPTION_RECORD_ROUTE,
  IPV4_OPTION_ROUTER_ALERT,
  IPV4_OPTION_STRICT_ROUTE,
  IPV4_PROTOCOL_AT,
  IPV4_SOURCE_AT,
  IPV4_TOS_AT,
  IPV4_TOTAL_LENGTH_AT,
  IPV4_TTL_AT,
} from '../../../wire/ipv4.ts';
import { ipv4 as address, flag, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import { PROTOCOLS } from '../protocols.ts';
import type { Reader } from '../reader.ts';
import { concat, printHex, printIpv4, readHex, readIpv4, readNumber } from '../values.ts';
import { readOption, readOptions, writeOption } from './option-list.ts';

/** RFC 791, section 3.1; RFC 2474 and RFC 3168 for the parts of the type of service. */
const VERSION = number('version', 0, 4, { shift: 4 });
const HEADER_LENGTH = number('ihl', 0, 4, { scale: 4, computed: true });
const TOS = number('tos', IPV4_TOS_AT, 8, { hex: true });
const DSCP = number('dscp', IPV4_TOS_AT, 6, { shift: 2, view: true, part: true });
const ECN = number('ecn', IPV4_TOS_AT, 2, { view: true, part: true });
const LENGTH = number('length', IPV4_TOTAL_LENGTH_AT, 16, { computed: true });
const ID = number('id', IPV4_ID_AT, 16);
const RESERVED = flag('reserved', IPV4_FRAGMENT_AT, 7, { aliases: ['evil'] });
const DONT_FRAGMENT = flag('df', IPV4_FRAGMENT_AT, 6);
const MORE_FRAGMENTS = flag('mf', IPV4_FRAGMENT_AT, 5, { short: true });
const OFFSET = number('offset', IPV4_FRAGMENT_AT, 13, { scale: 8, short: true });
const TTL = number('ttl', IPV4_TTL_AT, 8);
const PROTOCOL = number('proto', IPV4_PROTOCOL_AT, 8, {
  aliases: ['protocol'],
  computed: true,
  names: PROTOCOLS,
});
const CHECKSUM = number('checksum', IPV4_CHECKSUM_AT, 16, { hex: true, computed: true });
export const IPV4_SOURCE = address('src', IPV4_SOURCE_AT, { view: true });
export const IPV4_DESTINATION = address('dst', IPV4_DESTINATION_AT, { view: true });
const FIELDS = [
  VERSION,
  HEADER_LENGTH,
  TTL,
  TOS,
  DSCP,
  ECN,
  LENGTH,
  ID,
  RESERVED,
  DONT_FRAGMENT,
  MORE_FRAGMENTS,
  OFFSET,
  PROTOCOL,
  CHECKSUM,
  IPV4_SOURCE,
  IPV4_DESTINATION,
];

export const ipv4: Layer = {
  name: 'ip',
  protocol: 4,
  vocabulary: ['options', 'option', 'router-alert', 'record-route', 'lsrr', 'ssrr', 'nop', 'eol'],
  initial: () => Uint8Array.of(0x45, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  fields: () => FIELDS,
  accept,
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const options = header.optionBytes;
    const padded = new Uint8Array(Math.ceil(options.length / 4) * 4);
    padded.set(options);
    const bytes = concat(header.bytes, padded, payload);
    const length = IPV4_LENGTH + padded.length;
    compute(header, bytes, HEADER_LENGTH, length / 4);
    compute(header, bytes, LENGTH, bytes.length);
    compute(header, bytes, PROTOCOL, around.next);
    compute(header, bytes, CHECKSUM, 0);
    // The checksum covers what the header says it is long, as a receiver will sum it.
    const covered = Math.min((bytes[0]! & 15) * 4 || length, bytes.length);
    compute(header, bytes, CHECKSUM, checksum(bytes, 0, covered));
    return bytes;
  },
  open(bytes): Opened | undefined {
    const length = ((bytes[0] ?? 0) & 15) * 4;
    if (bytes.length < IPV4_LENGTH || length < IPV4_LENGTH || length > bytes.length) return undefined;
    const header = new Header(ipv4, bytes.slice(0, IPV4_LENGTH));
    header.options.push(bytes.slice(IPV4_LENGTH, length));
    return { header, length, next: bytes[IPV4_PROTOCOL_AT]! };
  },
  print(header): Word[] {
    const options = header.optionBytes;
    const list = readOptions(options);
    if (!list) return options.length > 0 ? [{ text: `options ${printHex(options)}` }] : [];
    return list.map((option) => ({ text: printOption(option) }));
  },
};

function accept(word: string, header: Header, reader: Reader): boolean {
  const option = readIpOption(word, reader);
  if (option) header.options.push(option);
  return option !== undefined;
}

function readIpOption(word: string, reader: Reader): Uint8Array | undefined {
  switch (word) {
    case 'nop':
      return Uint8Array.of(IPV4_OPTION_NOP);
    case 'eol':
      return Uint8Array.of(IPV4_OPTION_END);
    case 'router-alert': {
      const most = (text: string): number => readNumber(text, 0, 0xffff);
      return readOption(IPV4_OPTION_ROUTER_ALERT, [
        [reader.nextFits(most) ? reader.value(word, most) : 0, 2],
      ]);
    }
    case 'record-route': {
      const slots = reader.value(word, (text) => readNumber(text, 1, 9));
      return Uint8Array.of(IPV4_OPTION_RECORD_ROUTE, 3 + slots * 4, 4, ...new Uint8Array(slots * 4));
    }
    case 'lsrr':
    case 'ssrr': {
      const token = reader.next(`addresses for '${word}', as in 192.0.2.1,192.0.2.2`);
      let offset = 0;
      const route: number[] = [];
      for (const part of token.text.split(',')) {
        route.push(...reader.part(word, token, part, offset, readIpv4));
        offset += part.length + 1;
      }
      return Uint8Array.of(
        word === 'lsrr' ? IPV4_OPTION_LOOSE_ROUTE : IPV4_OPTION_STRICT_ROUTE,
        3 + route.length,
        4,
        ...route,
      );
    }
    case 'option':
      return writeOption(reader);
    case 'options':
      return reader.value(word, readHex);
    default:
      return undefined;
  }
}

function printOption(option: Uint8Array): string {
  const [kind, length, pointer] = option;
  if (kind === IPV4_OPTION_END) return 'eol';
  if (kind === IPV4_OPTION_NOP) return 'nop';
  if (kind === IPV4_OPTION_ROUTER_ALERT && length === 4)
    return `router-alert ${(option[2]! << 8) | option[3]!}`;
  const isRoute = pointer === 4 && length! > 3 && length! % 4 === 3;
  if (isRoute && (kind === IPV4_OPTION_LOOSE_ROUTE || kind === IPV4_OPTION_STRICT_ROUTE)) {
    const hops: string[] = [];
    for (let at = 3; at < option.length; at += 4) hops.push(printIpv4(option.subarray(at, at + 4)));
    return `${kind === IPV4_OPTION_LOOSE_ROUTE ? 'lsrr' : 'ssrr'} ${hops.join(',')}`;
  }
  if (isRoute && kind === IPV4_OPTION_RECORD_ROUTE && option.subarray(3).every((byte) => byte === 0)) {
    return `record-route ${(length! - 3) / 4}`;
  }
  return `option ${kind} ${printHex(option.subarray(2))}`;
}
