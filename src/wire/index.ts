/** The floor of bytes: one file a protocol; pure functions of a buffer and a header's offset. */
export * from './address.ts';
export * from './arp.ts';
export * from './bytes.ts';
export * from './check.ts';
export * from './checksum.ts';
export * from './ethernet.ts';
export * from './icmp.ts';
export * from './icmpv6.ts';
export * from './ipv4.ts';
export * from './ipv6.ts';
export * from './ipv6-extensions.ts';
export * from './neighbour-discovery.ts';
export * from './options.ts';
export * from './protocols.ts';
export * from './tcp.ts';
export * from './udp.ts';
