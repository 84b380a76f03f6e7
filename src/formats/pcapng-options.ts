import type { ByteWindow } from './byte-window.ts';

/** Options of blocks (draft-ietf-opsawg-pcapng, sections 3.5, 4.2, 4.3). */
export const OPTION = {
  END: 0,
  COMMENT: 1,
  /** Of an interface. */
  NAME: 2,
  RESOLUTION: 9,
  TIME_OFFSET: 14,
  /** Of an enhanced packet. */
  FLAGS: 2,
  /** Of a section. */
  USER_APPLICATION: 4,
} as const;

/**
 * Hands out the options that lie from `at` up to `end` of a block. Answers the position of the first that does not fit in
 * there, or undefined if all do; an end mark is not asked for.
 */
export function eachOption(
  window: ByteWindow,
  at: number,
  end: number,
  littleEndian: boolean,
  each: (code: number, at: number, length: number) => void,
): number | undefined {
  let place = at;
  while (place + 4 <= end) {
    const code = window.get16(place, littleEndian);
    const length = window.get16(place + 2, littleEndian);
    if (code === OPTION.END) return undefined;
    if (place + 4 + length > end) return place;
    each(code, place + 4, length);
    place += 4 + padded(length);
  }
  return undefined;
}

/** Up to the next multiple of four. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
