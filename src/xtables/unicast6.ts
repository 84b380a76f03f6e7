/**
 * Is the IPv6 address at `at` one that belongs to one interface? Neither `::`, nor multicast, nor an IPv4 address in
 * IPv6's clothes, `::ffff:0:0/96` (net/ipv6/addrconf_core.c __ipv6_addr_type).
 */
export function isUnicast6(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0xff) return false;
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return true;
  if (bytes[at + 10] === 0xff && bytes[at + 11] === 0xff) return false;
  for (let i = 10; i < 16; i++) if (bytes[at + i] !== 0) return true;
  return false;
}
