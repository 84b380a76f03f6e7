import type { Hook } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import { DROP } from '../netfilter/verdict.ts';
import { masked, prefixLength, prefixMask, sameAddress } from './address.ts';
import { CONTINUE, defineTarget, option, type Target } from './extension.ts';
import { type HostMask, hostMask, narrow } from './hosts.ts';
import { PrefixMap } from './prefix-map.ts';

const LONGEST_PREFIX = 64;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER = 40;
const ICMPV6 = 58;
const PARAMETER_PROBLEM = 4;
const ERRONEOUS_FIELD = 0;

const prefix = { ...hostMask, syntax: 'prefix/length' };

function lengthOf({ mask }: HostMask): number {
  return prefixLength(narrow(mask, 6)) ?? 128;
}

/** Both must be given, but `-S` loses a prefix without bits. */
const required = {
  required: true,
  omit: ({ value }: { readonly value: HostMask }) => lengthOf(value) === 0,
} as const;

const options = {
  'src-pfx': option(prefix, { ...required, help: 'The prefix that addresses have, of 64 bits at most.' }),
  'dst-pfx': option(prefix, { ...required, help: 'The prefix that they get, of 64 bits at most.' }),
};

/** A prefix is short enough, and nothing stands behind it. */
function isPrefix(given: HostMask): boolean {
  const length = lengthOf(given);
  const { address } = given;
  return length <= LONGEST_PREFIX && sameAddress(masked(address, prefixMask(6, length)), address);
}

/** SNPT or DNPT: translation of IPv6 prefixes without state (net/ipv6/netfilter/ip6t_NPT.c). */
export function prefixTarget(spec: {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly hooks: readonly Hook[];
  /** Translates destinations, else sources. */
  readonly destination: boolean;
}): Target {
  const { destination, ...rest } = spec;
  const own = destination ? DESTINATION : SOURCE;
  const other = destination ? SOURCE : DESTINATION;
  return defineTarget({
    ...rest,
    families: [6],
    about:
      'No connection tracking: each packet is translated by itself, so that both directions need a rule. One word of ' +
      'the address balances the checksum. An address without such a word is answered with an error.',
    table: 'mangle',
    options,
    terminal: false,
    list(values, context) {
      const text = (given: { readonly value: HostMask } | undefined) =>
        given ? prefix.print(given.value, context) : '';
      return ` ${spec.name} src-pfx ${text(values['src-pfx'])} dst-pfx ${text(values['dst-pfx'])}`;
    },
    check(values) {
      const given = [values['src-pfx'], values['dst-pfx']];
      return given.every((one) => one && isPrefix(one.value)) ? undefined : 'EINVAL';
    },
    create(values, { services }) {
      const from = values['src-pfx']!.value;
      const to = values['dst-pfx']!.value;
      const map = new PrefixMap(from.address, lengthOf(from), to.address, lengthOf(to));
      return (packet) => {
        const { bytes, network } = packet;
        if (!map.apply(bytes, network + own)) {
          services.sendIcmpError(packet, PARAMETER_PROBLEM, ERRONEOUS_FIELD, own);
          return DROP;
        }
        // An error about a packet that was translated on its way quotes it as it was then.
        const quoted = quotedHeader(packet);
        if (quoted > 0 && map.fits(bytes, quoted + other)) map.apply(bytes, quoted + other);
        return CONTINUE;
      };
    },
  });
}

/** Offset of the IPv6 header that an ICMPv6 error quotes; 0 if the packet is none. (icmpv6_bounced_ipv6hdr) */
function quotedHeader({ bytes, network, end }: Packet): number {
  const icmp = network + HEADER;
  if (bytes[network + 6] !== ICMPV6 || icmp + 8 + HEADER > end) return 0;
  const type = bytes[icmp]!;
  return type >= 1 && type <= PARAMETER_PROBLEM ? icmp + 8 : 0;
}
