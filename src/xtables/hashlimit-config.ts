/** What the match `hashlimit` is configured with, and how the real tool reads and prints it. */
import type { ErrnoName, Family } from '../netfilter/constants.ts';
import { Problem } from './problem.ts';

export const SOURCE_ADDRESS = 4;
export const SOURCE_PORT = 8;
export const DESTINATION_ADDRESS = 1;
export const DESTINATION_PORT = 2;

/** One rate: packets, or bytes. */
export interface Rate {
  readonly bytes: boolean;
  /** Of packets the millionths of a second between two; of bytes a cost: 2³² divided by the 16 bytes a second. */
  readonly average: bigint;
  /** Seconds in the rate's unit; of bytes how long an entry is kept. */
  readonly unit: number;
}

/** struct hashlimit_cfg3 */
export interface HashlimitConfig extends Rate {
  readonly above: boolean;
  readonly burst: bigint;
  /** Bits of what is told apart. */
  readonly mode: number;
  /** 0 for the kernel's default. */
  readonly size: number;
  readonly max: number;
  /** Milliseconds. */
  readonly gcInterval: number;
  readonly expire: number;
  /** Bits of the addresses; 255 for a mask with holes. */
  readonly sourceMask: number;
  readonly destinationMask: number;
  readonly rateMatch: boolean;
  /** Seconds; 0 if it was not asked for. */
  readonly interval: number;
}

export const DEFAULT_BURST = 5n;
export const DEFAULT_GC = 1000;
const MOST_BURST = 1_000_000n;
/** Seconds that an entry of a rate of bytes is kept, without and with a burst. */
const BYTES_KEPT = 15;
const BYTES_KEPT_BURST = 60;
const SCALE = 1_000_000n;
const LARGEST32 = 0xffff_ffffn;
const CHUNK = 4n;

const WORDS: readonly (readonly [string, number])[] = [
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
];
const UNITS: readonly (readonly [string, bigint])[] = [
  ['day', SCALE * 86_400n],
  ['hour', SCALE * 3600n],
  ['min', SCALE * 60n],
  ['sec', SCALE],
];
const SIZES: readonly (readonly [string, bigint])[] = [
  ['m', 1024n * 1024n],
  ['k', 1024n],
  ['', 1n],
];

/** C's atoll, as the unsigned 64-bit number that it is stored in. */
function leadingNumber(text: string): bigint {
  const digits = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/.exec(text)?.[1];
  if (!digits) return 0n;
  const value = BigInt(digits);
  const most = 2n ** 63n;
  return BigInt.asUintN(64, value >= most ? most - 1n : value < -most ? -most : value);
}

const factorOf = (letter: string | undefined): bigint => SIZES.find(([name]) => name === letter)?.[1] ?? 1n;

/** Undefined if it is no rate. */
export function readRate(text: string): Rate | undefined {
  const unitAt = text.indexOf('b/s');
  const count = leadingNumber(text);
  if (unitAt > 0 && count !== 0n) {
    const chunks = BigInt.asUintN(32, BigInt.asUintN(64, count * factorOf(text[unitAt - 1])) >> CHUNK) + 1n;
    // The real tool divides by zero at the largest of all.
    if (chunks > LARGEST32) throw new Problem(`Rate too high "${text}"\n`);
    return { bytes: true, average: LARGEST32 / chunks, unit: BYTES_KEPT };
  }
  const slash = text.indexOf('/');
  const word = slash < 0 ? 'second' : text.slice(slash + 1).toLowerCase();
  const unit = word === '' ? undefined : WORDS.find(([name]) => name.startsWith(word))?.[1];
  if (unit === undefined || count === 0n) return undefined;
  const average = (SCALE * BigInt(unit)) / count;
  if (average === 0n) throw new Problem(`Rate too fast "${text}"`);
  return { bytes: false, average, unit };
}

const badBurst = (): Problem =>
  new Problem(`bad value for option "--hashlimit-burst", or out of range (1-${MOST_BURST}).`);

/** A number, with `k` or `m` behind it. */
export function readBurst(text: string): bigint {
  const found = /^[ \t\n\v\f\r]*\+?(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)(.?)/s.exec(text);
  const digits = found?.[1] ?? '0';
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const letter = found?.[2];
  if (!found || value === 0n || value >= 2n ** 64n || (letter === '' && value > MOST_BURST)) throw badBurst();
  return BigInt.asUintN(64, value * factorOf(letter));
}

/** What a cost means in bytes a second. */
function bytesOf(cost: bigint): bigint {
  return ((cost === 0n ? LARGEST32 : LARGEST32 / cost) - 1n) << CHUNK;
}

/** @throws {Problem} if a burst does not go with its rate. */
export function checkBurst({ bytes, average }: Rate, burst: bigint | undefined): void {
  if (burst === undefined) return;
  if (!bytes) {
    if (burst > MOST_BURST) throw badBurst();
    return;
  }
  const rate = bytesOf(average);
  // A rate below 16 bytes a second makes the real tool divide by zero.
  if (rate === 0n || burst < rate) throw new Problem(`burst cannot be smaller than ${rate}b`);
}

/** Everything that was given, as the kernel gets it (hashlimit_mt_check of the tool). */
export function configure(
  given: Omit<HashlimitConfig, 'burst' | 'expire'> & {
    burst: bigint | undefined;
    expire: number | undefined;
  },
): HashlimitConfig {
  const { bytes, average, unit, rateMatch } = given;
  let { burst = bytes ? 0n : DEFAULT_BURST, expire = unit * 1000 } = given;
  if (bytes && given.burst !== undefined) {
    const rate = bytesOf(average);
    burst = BigInt.asUintN(32, (burst + rate - 1n) / rate);
    expire = given.expire ?? BYTES_KEPT_BURST * 1000;
  }
  if (!rateMatch) return { ...given, burst, expire };
  return {
    ...given,
    burst,
    expire,
    average: bytes ? average : average / BigInt(unit),
    interval: given.interval || (bytes ? 1 : unit),
  };
}

/** `5/sec`, and the milliseconds of its unit. */
function packetRate(period: bigint): { text: string; kept: number } {
  let at = 0;
  while (at + 1 < UNITS.length) {
    const length = UNITS[at + 1]![1];
    if (period > length || length / period < length % period) break;
    at++;
  }
  const [name, length] = UNITS[at]!;
  return { text: `${length / period}/${name}`, kept: Number((length / SCALE) * 1000n) };
}

/** `4kb/s` with its burst, and the milliseconds that an entry is kept. */
function byteRate({ average, burst }: HashlimitConfig, prefix: string): { text: string; kept: number } {
  const rate = bytesOf(average);
  const cost = (bytes: bigint): bigint => LARGEST32 / (BigInt.asUintN(32, bytes >> CHUNK) + 1n);
  const [name, size] =
    SIZES.find(
      ([, one]) => one === 1n || (rate >= one && cost(rate & BigInt.asUintN(32, ~(one - 1n))) === average),
    ) ?? SIZES[2]!;
  const text = `${rate / size}${name}b/s`;
  if (burst === 0n) return { text, kept: BYTES_KEPT * 1000 };
  const whole = rate * burst;
  const [unit, length] = SIZES.find(([, one]) => one === 1n || whole >= one)!;
  return { text: `${text} ${prefix}burst ${whole / length}${unit}b`, kept: BYTES_KEPT_BURST * 1000 };
}

const MODES: readonly (readonly [number, string])[] = [
  [SOURCE_ADDRESS, 'srcip'],
  [SOURCE_PORT, 'srcport'],
  [DESTINATION_ADDRESS, 'dstip'],
  [DESTINATION_PORT, 'dstport'],
];

/** Bits of `srcip,dstport`; undefined for other words. */
export function readMode(text: string): number | undefined {
  let bits = 0;
  for (const word of text.split(/[,|]/).filter((one) => one !== '')) {
    const found = MODES.find(([, name]) => name === word);
    if (!found) return undefined;
    bits |= found[0];
  }
  return bits;
}

/** The text of `-S` (`listed` false), or that of `-L` behind "limit:". */
export function printConfig(config: HashlimitConfig, name: string, family: Family, listed: boolean): string {
  const { above, bytes, average, burst, mode, rateMatch, interval } = config;
  const prefix = listed ? '' : '--hashlimit-';
  // The list multiplies by the interval, with or without --hashlimit-rate-match.
  const period = listed && interval !== 0 ? average * BigInt(interval) : average;
  const { text, kept } = bytes ? byteRate(config, prefix) : packetRate(period);
  const words = MODES.filter(([bit]) => (mode & bit) !== 0).map(([, word]) => word);
  const all = family === 4 ? 32 : 128;
  const parts: (string | false)[] = [
    `${prefix}${above ? 'above' : listed ? 'up to' : 'upto'} ${text}`,
    !bytes && `${prefix}burst ${burst}`,
    mode !== 0 && `${prefix}mode ${words.join(listed ? '-' : ',')}`,
    !listed && `--hashlimit-name ${name}`,
    config.size !== 0 && `${prefix}htable-size ${config.size}`,
    config.max !== 0 && `${prefix}htable-max ${config.max}`,
    config.gcInterval !== DEFAULT_GC && `${prefix}htable-gcinterval ${config.gcInterval}`,
    config.expire !== kept && `${prefix}htable-expire ${config.expire}`,
    config.sourceMask !== all && `${prefix}srcmask ${config.sourceMask}`,
    config.destinationMask !== all && `${prefix}dstmask ${config.destinationMask}`,
    rateMatch && `${prefix}rate-match`,
    rateMatch && interval !== 1 && `${prefix}rate-interval ${interval}`,
  ];
  return parts.filter((part) => part !== false).join(' ');
}

const HZ = 250n;
/** Credits that a tick of 1/250 s brings: the largest powers of two that keep a day's, or a second's, in 64 and 32 bits. */
const CREDITS = 2n ** 39n;
export const BYTE_CREDITS = 2 ** 24;
export const MOST_BYTE_CREDIT = BYTE_CREDITS * 250;

/** Packets: what a period of millionths of a second costs, in the kernel's 64 bits (user2credits). */
export function credits(user: bigint): bigint {
  return BigInt.asUintN(64, user * ((HZ * CREDITS) / SCALE));
}

/** Bytes: what 16 of them cost (user2credits_byte). */
export function byteCredits(average: bigint): number {
  return Number(BigInt.asUintN(32, (BigInt.asUintN(32, average) * BigInt(MOST_BYTE_CREDIT)) >> 32n));
}

/** Rates of --hashlimit-rate-match: packets or bytes a second (user2rate, user2rate_bytes). */
export function plainRate({ bytes, average }: Rate): number {
  return Number(bytes ? bytesOf(BigInt.asUintN(32, average)) : average === 0n ? 0n : SCALE / average);
}

/** Why the kernel refuses a configuration (hashlimit_mt_check_common). */
export function refusal(config: HashlimitConfig, name: string, family: Family): ErrnoName | undefined {
  const { bytes, average, burst, rateMatch, gcInterval, expire, interval } = config;
  if (name === '' || name === '.' || name === '..' || name.includes('/')) return 'EINVAL';
  if (gcInterval === 0 || expire === 0) return 'EINVAL';
  const most = family === 4 ? 32 : 128;
  if (config.sourceMask > most || config.destinationMask > most) return 'EINVAL';
  if (rateMatch) {
    if (average === 0n || average > LARGEST32) return 'ERANGE';
    return interval === 0 ? 'EINVAL' : undefined;
  }
  if (bytes) return byteCredits(average) === 0 ? 'EINVAL' : undefined;
  return burst === 0n || credits(average * burst) < credits(average) ? 'ERANGE' : undefined;
}
