/** CRC-32C, the Castagnoli polynomial, as SCTP uses it (RFC 9260 appendix A). */

const POLYNOMIAL = 0x82f63b78;

/** Four tables of 256, for four bytes at a time. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(1024);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
    tables[byte] = value;
  }
  for (let i = 256; i < 1024; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before >>> 8) ^ tables[before & 255]!;
  }
  return tables;
}

/** The register before the first byte. */
export const CRC32C_START = -1;

/** The register after the bytes from `from` to `to`; begin with {@link CRC32C_START}, end with {@link finishCrc32c}. */
export function updateCrc32c(register: number, b: Uint8Array, from: number, to: number): number {
  let crc = register;
  let o = from;
  for (const last = to - 3; o < last; o += 4) {
    crc ^= b[o]! | (b[o + 1]! << 8) | (b[o + 2]! << 16) | (b[o + 3]! << 24);
    crc =
      TABLES[768 + (crc & 255)]! ^
      TABLES[512 + ((crc >>> 8) & 255)]! ^
      TABLES[256 + ((crc >>> 16) & 255)]! ^
      TABLES[crc >>> 24]!;
  }
  for (; o < to; o++) crc = (crc >>> 8) ^ TABLES[(crc ^ b[o]!) & 255]!;
  return crc;
}

/** The CRC of a register, unsigned. */
export function finishCrc32c(register: number): number {
  return ~register >>> 0;
}

/** The CRC of some bytes, unsigned. */
export function crc32c(b: Uint8Array, from = 0, to = b.length): number {
  return finishCrc32c(updateCrc32c(CRC32C_START, b, from, to));
}
