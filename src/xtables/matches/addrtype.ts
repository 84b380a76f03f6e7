import { INPUT, OUTPUT, POSTROUTING, PREROUTING } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE, type Services } from '../../netfilter/services.ts';
import {
  defineMatch,
  type Environment,
  type Given,
  option,
  type Test,
  type ValueType,
} from '../extension.ts';
import type { Place } from '../place.ts';
import { Problem } from '../problem.ts';
import { isUnicast6 } from '../unicast6.ts';
import { flag } from '../values.ts';

/** Bit of a type in the mask: `1 << RTN_*`. */
const TYPES = [
  'UNSPEC',
  'UNICAST',
  'LOCAL',
  'BROADCAST',
  'ANYCAST',
  'MULTICAST',
  'BLACKHOLE',
  'UNREACHABLE',
  'PROHIBIT',
  'THROW',
  'NAT',
  'XRESOLVE',
] as const;
const bit = (type: number): number => 1 << type;
const MULTICAST = bit(ROUTE_TYPE.MULTICAST);
const UNICAST = bit(ROUTE_TYPE.UNICAST);
const UNSPEC = bit(ROUTE_TYPE.UNSPEC);
/** For these the routing table is asked, in IPv6. */
const ROUTED = bit(ROUTE_TYPE.LOCAL) | bit(ROUTE_TYPE.ANYCAST) | bit(ROUTE_TYPE.UNREACHABLE);
/** What IPv6 does not have (addrtype_mt_checkentry_v1). */
const NOT_IN_IPV6 =
  bit(ROUTE_TYPE.BLACKHOLE) |
  bit(ROUTE_TYPE.BROADCAST) |
  bit(ROUTE_TYPE.PROHIBIT) |
  bit(ROUTE_TYPE.THROW) |
  bit(ROUTE_TYPE.NAT) |
  bit(ROUTE_TYPE.XRESOLVE);

const types: ValueType<number> = {
  syntax: 'type[,type…]',
  argument: 'required',
  choices: TYPES,
  parse(given) {
    const list = given.split(',');
    let mask = 0;
    for (const [place, name] of list.entries()) {
      const type = name === '' ? -1 : TYPES.findIndex((known) => known.startsWith(name.toUpperCase()));
      // The last one of a list is complained about in other quotes than those before it.
      if (type < 0)
        throw new Problem(
          place === list.length - 1 ? `addrtype: bad type "${name}"` : `addrtype: bad type \`${given}'`,
        );
      mask |= bit(type);
    }
    return mask;
  },
  print: (mask) => TYPES.filter((_, type) => mask & bit(type)).join(','),
};

/** Offset of the address behind the beginning of the IP header. */
const SOURCE = { 4: 12, 6: 8 } as const;
const DESTINATION = { 4: 16, 6: 24 } as const;

function typeTest(
  option: string,
  given: Given<number>,
  offset: number,
  { family, services }: Environment,
  deviceOf: (place: Place) => number,
): Test {
  const fits = family === 4 ? fits4 : fits6;
  const at = (packet: Packet) => packet.network + offset;
  return {
    option,
    run: (packet, place) =>
      fits(services, packet.bytes, at(packet), deviceOf(place), given.value) !== given.inverted,
    explain: (packet, place) =>
      TYPES[services.addressType(family, packet.bytes, at(packet), deviceOf(place))] ?? 'UNSPEC',
  };
}

function fits4(services: Services, bytes: Uint8Array, at: number, device: number, mask: number): boolean {
  return (mask & bit(services.addressType(4, bytes, at, device))) !== 0;
}

/** net/netfilter/xt_addrtype.c match_type6 */
function fits6(services: Services, bytes: Uint8Array, at: number, device: number, mask: number): boolean {
  const multicast = bytes[at] === 0xff;
  let any = true;
  for (let i = 0; i < 16; i++) if (bytes[at + i] !== 0) any = false;
  if ((mask & MULTICAST) !== 0 && !multicast) return false;
  if ((mask & UNICAST) !== 0 && !isUnicast6(bytes, at)) return false;
  if ((mask & UNSPEC) !== 0 && !any) return false;
  if ((mask & ROUTED) === 0) return true;
  return (mask & ROUTED & bit(services.addressType(6, bytes, at, device))) !== 0;
}

export const addrtype = defineMatch({
  name: 'addrtype',
  revision: 1,
  summary: 'kind of the source or destination address: of this host, broadcast, multicast …',
  source: 'net/netfilter/xt_addrtype.c addrtype_mt_v1',
  options: {
    'src-type': option(types, { invert: true, help: 'Kinds of the source address.' }),
    'dst-type': option(types, { invert: true, help: 'Kinds of the destination address.' }),
    'limit-iface-in': option(flag, {
      excludes: ['limit-iface-out'],
      help: 'Counts only for the interface that the packet came in by.',
    }),
    'limit-iface-out': option(flag, {
      excludes: ['limit-iface-in'],
      help: 'Counts only for the interface that the packet leaves by.',
    }),
  },
  verify(values) {
    if (!values['src-type'] && !values['dst-type']) {
      throw new Problem('addrtype: you must specify --src-type or --dst-type');
    }
  },
  list(values, context) {
    const one = (name: string, given: Given<number> | undefined) =>
      given ? ` ${name} ${given.inverted ? '!' : ''}${types.print(given.value, context)}` : '';
    return (
      ` ADDRTYPE match${one('src-type', values['src-type'])}${one('dst-type', values['dst-type'])}` +
      `${values['limit-iface-in'] ? ' limit-in' : ''}${values['limit-iface-out'] ? ' limit-out' : ''}`
    );
  },
  check(values, { family, hooks }) {
    const has = (...wanted: readonly number[]) => wanted.some((hook) => hooks & (1 << hook));
    if (values['limit-iface-out'] && has(PREROUTING, INPUT)) return 'EINVAL';
    if (values['limit-iface-in'] && has(POSTROUTING, OUTPUT)) return 'EINVAL';
    const mask = (values['src-type']?.value ?? 0) | (values['dst-type']?.value ?? 0);
    return family === 6 && (mask & NOT_IN_IPV6) !== 0 ? 'EINVAL' : undefined;
  },
  tests(values, environment) {
    const deviceOf = values['limit-iface-in']
      ? (place: Place) => place.inDevice
      : values['limit-iface-out']
        ? (place: Place) => place.outDevice
        : () => 0;
    const { 'src-type': source, 'dst-type': destination } = values;
    const { family } = environment;
    const tests: Test[] = [];
    if (source) tests.push(typeTest('src-type', source, SOURCE[family], environment, deviceOf));
    if (destination)
      tests.push(typeTest('dst-type', destination, DESTINATION[family], environment, deviceOf));
    return tests;
  },
});
