/** Builders of headers and of whole frames. */
export * from './dccp.ts';
export * from './extensions.ts';
export type { Around, Ipv4Like, Ipv6Like, MacLike, Pseudo } from './fields.ts';
export * from './frame.ts';
export * from './icmp.ts';
export * from './igmp.ts';
export { buildIpv4, buildIpv6, type Ipv4Fields, type Ipv6Fields } from './ip.ts';
export {
  type ArpFields,
  buildArp,
  buildEthernet,
  buildVlan,
  type EthernetFields,
  type VlanFields,
} from './link.ts';
export * from './neighbour-discovery.ts';
export * from './sctp.ts';
export * from './tcp.ts';
export * from './tunnel.ts';
export * from './udp.ts';
