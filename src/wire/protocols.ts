/** Numbers of protocols: the IP header's protocol or next header field, and EtherTypes. */

/** IPv6 hop-by-hop options. */
export const IPPROTO_HOPOPTS = 0;
export const IPPROTO_ICMP = 1;
export const IPPROTO_IGMP = 2;
/** IPv4 in IP. */
export const IPPROTO_IPIP = 4;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_DCCP = 33;
/** IPv6 in IP. */
export const IPPROTO_IPV6 = 41;
export const IPPROTO_ROUTING = 43;
export const IPPROTO_FRAGMENT = 44;
export const IPPROTO_GRE = 47;
export const IPPROTO_ESP = 50;
export const IPPROTO_AH = 51;
export const IPPROTO_ICMPV6 = 58;
/** IPv6: nothing follows. */
export const IPPROTO_NONE = 59;
export const IPPROTO_DSTOPTS = 60;
export const IPPROTO_PIM = 103;
export const IPPROTO_SCTP = 132;
/** IPv6 mobility header. */
export const IPPROTO_MH = 135;
export const IPPROTO_UDPLITE = 136;
/** IPv6 host identity protocol. */
export const IPPROTO_HIP = 139;
/** IPv6 shim6. */
export const IPPROTO_SHIM6 = 140;
export const IPPROTO_RAW = 255;

export const ETHERTYPE_IPV4 = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
/** IEEE 802.1Q tag. */
export const ETHERTYPE_VLAN = 0x8100;
export const ETHERTYPE_IPV6 = 0x86dd;
/** IEEE 802.1ad service tag. */
export const ETHERTYPE_QINQ = 0x88a8;
/** Ethernet in GRE (RFC 1701's transparent bridging). */
export const ETHERTYPE_TEB = 0x6558;
