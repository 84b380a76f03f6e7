import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concatBytes, fromHex, get16, get32, set16, set32 } from './bytes.ts';
import {
  addSums,
  checksum,
  fold,
  pseudoSum4,
  pseudoSum6,
  pseudoSumOf4,
  pseudoSumOf6,
  sum32,
  sumBytes,
  swapSum,
  udpChecksum,
  updateChecksum16,
  updateChecksum32,
  updateChecksum128,
  updateChecksumSums,
} from './checksum.ts';

/** The sum by its definition: number of ones' complement arithmetic, with big integers. */
function plainSum(b: Uint8Array, from: number, to: number): number {
  let sum = 0n;
  for (let o = from; o < to; o += 2) sum += BigInt(b[o]! << 8) + BigInt(o + 1 < to ? b[o + 1]! : 0);
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return Number(sum);
}

const bytes = fc.uint8Array({ maxLength: 100, size: 'max' });

test('the example of RFC 1071', () => {
  expect(sumBytes(fromHex('0001f203f4f5f6f7'), 0, 8)).toBe(0xddf2);
});

test('the header of a well-known packet', () => {
  const header = fromHex('4500007300004000 4011b861c0a80001c0a800c7');
  expect(checksum(header, 0, 20)).toBe(0);
  set16(header, 10, 0);
  expect(checksum(header, 0, 20)).toBe(0xb861);
});

test('sums are those of the definition, from any offset and of any length', () => {
  fc.assert(
    fc.property(bytes, fc.nat(20), fc.nat(20), (b, from, less) => {
      const to = Math.max(Math.min(from, b.length), b.length - less);
      expect(sumBytes(b, Math.min(from, b.length), to)).toBe(plainSum(b, Math.min(from, b.length), to));
    }),
  );
});

test('sums of more than a packet do not overflow', () => {
  for (const length of [65531, 65532, 65533, 65535, 131072, 400001]) {
    const b = new Uint8Array(length).fill(255);
    expect(sumBytes(b, 0, length, 0xffff)).toBe(plainSum(b, 0, length));
  }
});

test('a sum of parts', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const second = a.length % 2 === 0 ? sumBytes(b, 0, b.length) : swapSum(sumBytes(b, 0, b.length));
      const both = addSums(sumBytes(a, 0, a.length), second);
      expect(both).toBe(sumBytes(concatBytes(a, b), 0, a.length + b.length));
    }),
  );
});

test('carries come back in', () => {
  expect(fold(0xffff_ffff)).toBe(0xffff);
  expect(fold(0x1_ffff)).toBe(1);
  expect(fold(0)).toBe(0);
  expect(sum32(0xffff0001 | 0)).toBe(1);
});

test('pseudo headers', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 40, maxLength: 40 }),
      fc.nat(255),
      fc.nat(70000),
      (b, protocol, length) => {
        const pseudo4 = new Uint8Array(12);
        pseudo4.set(b.subarray(12, 20));
        pseudo4[9] = protocol;
        set16(pseudo4, 10, length);
        if (length <= 0xffff) expect(pseudoSum4(b, 0, protocol, length)).toBe(plainSum(pseudo4, 0, 12));
        expect(pseudoSumOf4(get32(b, 12), get32(b, 16), protocol, length)).toBe(
          pseudoSum4(b, 0, protocol, length),
        );
        const pseudo6 = new Uint8Array(40);
        pseudo6.set(b.subarray(8, 40));
        set32(pseudo6, 32, length);
        pseudo6[39] = protocol;
        expect(pseudoSum6(b, 0, protocol, length)).toBe(plainSum(pseudo6, 0, 40));
        expect(pseudoSumOf6(b, 8, b, 24, protocol, length)).toBe(pseudoSum6(b, 0, protocol, length));
      },
    ),
  );
});

test('UDP never sends 0', () => {
  expect(udpChecksum(0)).toBe(0xffff);
  expect(udpChecksum(1)).toBe(1);
});

// A packet: the checksum in the first two bytes, not all else zeros (a sum of nothing has two checksums).
const packet = fc
  .uint8Array({ minLength: 24, maxLength: 60 })
  .filter((b) => b.subarray(20).some((byte) => byte !== 0));

function sealed(b: Uint8Array): Uint8Array {
  const packet = b.slice();
  set16(packet, 0, 0);
  set16(packet, 0, checksum(packet, 0, packet.length));
  return packet;
}

test('an updated checksum is the one computed anew', () => {
  fc.assert(
    fc.property(packet, fc.nat(8), fc.integer(), (given, half, value) => {
      const o = 2 + 2 * half;
      const b = sealed(given);
      const check = get16(b, 0);
      const by16 = b.slice();
      set16(by16, o, value);
      expect(updateChecksum16(check, get16(b, o), value)).toBe(get16(sealed(by16), 0));
      expect(updateChecksum32(check, get16(b, o), value & 0xffff)).toBe(get16(sealed(by16), 0));
      const by32 = b.slice();
      set32(by32, o, value);
      if (o + 4 <= 20) expect(updateChecksum32(check, get32(b, o), value)).toBe(get16(sealed(by32), 0));
    }),
  );
});

test('an updated checksum after an IPv6 address changed', () => {
  fc.assert(
    fc.property(packet, fc.uint8Array({ minLength: 16, maxLength: 16 }), (given, address) => {
      const b = sealed(given);
      const changed = b.slice();
      changed.set(address, 2);
      expect(updateChecksum128(get16(b, 0), b, 2, address, 0)).toBe(get16(sealed(changed), 0));
    }),
  );
});

test('an updated checksum after a stretch was replaced by another of an even difference in length', () => {
  fc.assert(
    fc.property(packet, fc.nat(10), fc.nat(7), bytes, (given, at, length, given2) => {
      const b = sealed(given);
      const o = 2 + at;
      const replacement = given2.length % 2 === length % 2 ? given2 : concatBytes(given2, Uint8Array.of(7));
      const changed = concatBytes(b.subarray(0, o), replacement, b.subarray(o + length));
      const is = sumBytes(replacement, 0, replacement.length);
      const update = updateChecksumSums(get16(b, 0), sumBytes(b, o, o + length), is, o % 2 === 1);
      expect(update).toBe(get16(sealed(changed), 0));
    }),
  );
});

test('at the edge of zero, as the kernel does it', () => {
  // csum_replace2 keeps a sum of nothing; csum_replace4 makes 0xffff of it, whose checksum is 0.
  expect(updateChecksum16(0xffff, 0xffff, 0)).toBe(0xffff);
  expect(updateChecksum32(0xffff, 0xffff_ffff, 0)).toBe(0);
  expect(updateChecksum16(0xffff, 0, 0)).toBe(0);
});
