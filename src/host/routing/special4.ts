/** Addresses with a meaning of their own (include/linux/in.h). Signed 32-bit numbers. */

/** 224.0.0.0/4 */
export function isMulticast4(address: number): boolean {
  return address >>> 28 === 14;
}

/** 255.255.255.255 */
export function isLimitedBroadcast(address: number): boolean {
  return address === -1;
}

/** 0.0.0.0/8: only the address 0.0.0.0 counts since Linux 5.3 (ipv4_is_zeronet). */
export function isZeronet(address: number): boolean {
  return address === 0;
}

/** 127.0.0.0/8 */
export function isLoopback4(address: number): boolean {
  return address >>> 24 === 127;
}

/** `192.0.2.1` */
export function dotted(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}
