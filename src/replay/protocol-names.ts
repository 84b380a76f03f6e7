import {
  IPPROTO_DCCP,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from '../wire/protocols.ts';

/** As the packet language calls them. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [IPPROTO_ICMP, 'icmp'],
  [IPPROTO_TCP, 'tcp'],
  [IPPROTO_UDP, 'udp'],
  [IPPROTO_DCCP, 'dccp'],
  [IPPROTO_ICMPV6, 'icmp6'],
  [IPPROTO_SCTP, 'sctp'],
  [IPPROTO_UDPLITE, 'udplite'],
]);

/** Name of a protocol, or `protocol 89`; of -1, that a packet has no transport header: `fragment`. */
export function protocolName(protocol: number): string {
  return protocol < 0 ? 'fragment' : (NAMES.get(protocol) ?? `protocol ${protocol}`);
}

/** Number of a protocol from its name or its number; undefined if it is neither. */
export function protocolNumber(text: string): number | undefined {
  for (const [number, name] of NAMES) if (name === text) return number;
  return /^\d{1,3}$/.test(text) && Number(text) < 256 ? Number(text) : undefined;
}

/** The names that {@link protocolNumber} takes. */
export function protocolNames(): string[] {
  return [...NAMES.values()];
}
