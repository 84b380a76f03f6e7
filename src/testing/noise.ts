const IPV6_HEADER = 14 + 40;
const HOP_BY_HOP = 0;
const ICMPV6 = 58;
/** Multicast listener report and done (RFC 2710), report version 2 (RFC 3810). */
const REPORTS = new Set([131, 132, 143]);

/** A multicast listener report, which the kernel sends at times of its own and recordings leave out. */
export function isListenerReport(frame: Uint8Array): boolean {
  if (frame.length < IPV6_HEADER + 9 || frame[12] !== 0x86 || frame[13] !== 0xdd) return false;
  if (frame[20] !== HOP_BY_HOP || frame[IPV6_HEADER] !== ICMPV6) return false;
  return REPORTS.has(frame[IPV6_HEADER + (frame[IPV6_HEADER + 1]! + 1) * 8] ?? 0);
}
