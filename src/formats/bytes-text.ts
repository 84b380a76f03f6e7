/**
 * Commands take and give text in which a character is a byte (Latin-1), as the real tools handle bytes. People and files
 * write UTF-8. These go from one to the other; pure ASCII is the same in both and costs one look.
 */

const NOT_ASCII = /[\u0080-\uffff]/;
const LONE_SURROGATE = /[\ud800-\udfff]/gu;
const SEQUENCE =
  /[\u00c2-\u00df][\u0080-\u00bf]|[\u00e0-\u00ef][\u0080-\u00bf]{2}|[\u00f0-\u00f4][\u0080-\u00bf]{3}|[\u0080-\u00ff]/g;

/** The UTF-8 bytes of a text, each as one character. */
export function bytesOfText(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  const encoded = encodeURIComponent(text.replace(LONE_SURROGATE, '\ufffd'));
  return encoded.replace(/%([0-9A-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** The text whose UTF-8 bytes are the characters of `bytes`; what is not UTF-8 becomes U+FFFD. */
export function textOfBytes(bytes: string): string {
  return NOT_ASCII.test(bytes) ? bytes.replace(SEQUENCE, decoded) : bytes;
}

function decoded(sequence: string): string {
  const [first, ...rest] = Array.from(sequence, (character) => character.charCodeAt(0));
  if (rest.length === 0) return '\ufffd';
  let point = first! & (0x3f >> rest.length);
  for (const byte of rest) point = (point << 6) | (byte & 0x3f);
  const least = [0, 0x80, 0x800, 0x10000][rest.length]!;
  const isWrong = point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff);
  return isWrong ? '\ufffd'.repeat(sequence.length) : String.fromCodePoint(point);
}
