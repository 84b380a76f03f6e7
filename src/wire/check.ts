/**
 * What the `check…(b, o, end)` functions answer: 0 if the header at `o` is complete and consistent within `end`, so that
 * the protocol's readers may be used without further checks; else what is wrong first. Checksums are no part of it.
 */

/** Complete and consistent. */
export const OK = 0;
/** The fixed part of the header does not fit before `end`. */
export const CUT = 1;
/** Another version than this protocol's. */
export const BAD_VERSION = 2;
/** The header says it is shorter than its fixed part. */
export const BAD_HEADER_LENGTH = 3;
/** The header says it is longer than what is there. */
export const HEADER_CUT = 4;
/** The packet says it is shorter than its header. */
export const BAD_LENGTH = 5;
/** The packet says it is longer than what is there. */
export const PACKET_CUT = 6;
/** A field holds what the protocol does not allow there. */
export const BAD_FORMAT = 7;
/** Only from `validate…` functions: the checksum is wrong. */
export const BAD_CHECKSUM = 8;

const TEXTS: readonly string[] = [
  'complete',
  'the header is cut off',
  'the version is wrong',
  'the header says it is shorter than a header can be',
  'the header says it is longer than what is there',
  'the length is shorter than the header',
  'the length is longer than what is there',
  'a field holds what is not allowed there',
  'the checksum is wrong',
];

/** A check's answer in words, for people. */
export function checkText(code: number): string {
  return TEXTS[code] ?? `unknown check result ${code}`;
}
