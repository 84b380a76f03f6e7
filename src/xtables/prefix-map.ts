import { addSums, fold, sumBytes } from '../wire/checksum.ts';
import { type Address, toBytes } from './address.ts';

/**
 * Maps IPv6 addresses from one prefix to another so that no checksum over them changes (RFC 6296;
 * net/ipv6/netfilter/ip6t_NPT.c ip6t_npt_map_pfx).
 */
export class PrefixMap {
  readonly #from: Uint8Array;
  readonly #fromLength: number;
  readonly #to: Uint8Array;
  /** Bits that are replaced: the longer of the two prefixes. */
  readonly #length: number;
  readonly #adjustment: number;

  /** Both prefixes have 64 bits at most, and 0 behind them. */
  constructor(from: Address, fromLength: number, to: Address, toLength: number) {
    this.#from = toBytes(from);
    this.#fromLength = fromLength;
    this.#to = toBytes(to);
    this.#length = Math.max(fromLength, toLength);
    // What, added in ones' complement, makes up for the change.
    this.#adjustment = addSums(sumBytes(this.#from, 0, 16), ~sumBytes(this.#to, 0, 16) & 0xffff);
  }

  /** Has the address at `at` the prefix that is translated? */
  fits(bytes: Uint8Array, at: number): boolean {
    for (let bit = 0, i = 0; bit < this.#fromLength; bit += 8, i++) {
      const left = this.#fromLength - bit;
      const mask = left >= 8 ? 0xff : (0xff00 >> left) & 0xff;
      if (((bytes[at + i]! ^ this.#from[i]!) & mask) !== 0) return false;
    }
    return true;
  }

  /**
   * Gives the address at `at` the new prefix, and one word behind it what balances the checksum. False, and the new prefix
   * alone, if every word that could is all ones.
   */
  apply(bytes: Uint8Array, at: number): boolean {
    const length = this.#length;
    for (let bit = 0, i = 0; bit < length; bit += 8, i++) {
      const mask = length - bit >= 8 ? 0xff : (0xff00 >> (length - bit)) & 0xff;
      bytes[at + i] = (bytes[at + i]! & ~mask) | (this.#to[i]! & mask);
    }
    let word = 3;
    if (length > 48) {
      word = 4;
      while (word < 8 && bytes[at + word * 2] === 0xff && bytes[at + word * 2 + 1] === 0xff) word++;
      if (word === 8) return false;
    }
    const o = at + word * 2;
    let sum = fold(((bytes[o]! << 8) | bytes[o + 1]!) + this.#adjustment);
    if (sum === 0xffff) sum = 0;
    bytes[o] = sum >> 8;
    bytes[o + 1] = sum & 0xff;
    return true;
  }
}
