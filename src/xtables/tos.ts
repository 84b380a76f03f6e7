import type { Packet } from '../netfilter/packet.ts';
import { updateChecksum16 } from '../wire/checksum.ts';

/** Sets type of service or traffic class, and the IPv4 header's checksum with it. */
export function writeTos({ bytes, network, family }: Packet, value: number): void {
  if (family === 6) {
    bytes[network] = (bytes[network]! & 0xf0) | (value >> 4);
    bytes[network + 1] = (bytes[network + 1]! & 0x0f) | ((value & 15) << 4);
    return;
  }
  const updated = updateChecksum16(
    (bytes[network + 10]! << 8) | bytes[network + 11]!,
    bytes[network + 1]!,
    value,
  );
  bytes[network + 1] = value;
  bytes[network + 10] = updated >> 8;
  bytes[network + 11] = updated;
}

/** Type of service or traffic class. */
export function readTos({ bytes, network, family }: Packet): number {
  if (family === 4) return bytes[network + 1]!;
  return ((bytes[network]! & 15) << 4) | (bytes[network + 1]! >> 4);
}
