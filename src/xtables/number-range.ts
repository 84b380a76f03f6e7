/** Ranges of 32-bit numbers of headers, as the older matches of IPsec and IPv6 headers have them. */
import type { Given } from './extension.ts';
import type { Range } from './values.ts';

const ALL = 0xffff_ffff;

/** All numbers: `-S` leaves it out, inverted or not. */
export const isAllNumbers = ({ value: { min, max } }: Given<Range>): boolean => min === 0 && max === ALL;

/** `spi:5`, `spis:5:9`, with `!` behind the first colon if inverted; nothing for all numbers. */
export function listNumbers(name: string, given: Given<Range> | undefined): string {
  if (!given || (isAllNumbers(given) && !given.inverted)) return '';
  const { min, max } = given.value;
  const not = given.inverted ? '!' : '';
  return min === max ? `${name}:${not}${min}` : `${name}s:${not}${min}:${max}`;
}

/** Without an option every number fits. */
export function numberFits(number: number, given: Given<Range> | undefined): boolean {
  return !given || (number >= given.value.min && number <= given.value.max) !== given.inverted;
}

/** ` length:!5`; nothing if it was not asked for. */
export function listLength(given: Given<number> | undefined): string {
  return given ? ` length:${given.inverted ? '!' : ''}${given.value}` : '';
}

/** Without an option every length fits. */
export function lengthFits(length: number, given: Given<number> | undefined): boolean {
  return !given || (length === given.value) !== given.inverted;
}
