import { PacketLanguageError } from './problem.ts';

/** A word, a text in quotes (`bytes`), or one of `>`, `{`, `}`. */
export interface Token {
  readonly text: string;
  /** From 1. */
  readonly column: number;
  readonly length: number;
  /** What a text in quotes means; undefined for everything else. */
  readonly bytes?: Uint8Array;
}

/** No packet needs more; an outsider's text is not read further. */
const MOST_CHARACTERS = 300_000;
const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '0': 0, '"': 34, '\\': 92 };

/**
 * Splits a packet's text into words.
 * @throws {PacketLanguageError} for a quote that is not closed or an escape that is none.
 */
export function tokens(text: string): Token[] {
  if (text.length > MOST_CHARACTERS) {
    throw new PacketLanguageError(
      1,
      1,
      `the text has ${text.length} characters; the most is ${MOST_CHARACTERS}`,
    );
  }
  const found: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (/\s/.test(character)) {
      at++;
    } else if (character === '{' || character === '}' || character === '>') {
      found.push({ text: character, column: at + 1, length: 1 });
      at++;
    } else if (character === '"') {
      const token = quoted(text, at);
      found.push(token);
      at += token.length;
    } else {
      let end = at;
      while (end < text.length && !/[\s{}>"]/.test(text[end]!)) end++;
      found.push({ text: text.slice(at, end), column: at + 1, length: end - at });
      at = end;
    }
  }
  return found;
}

function quoted(text: string, from: number): Token {
  const bytes: number[] = [];
  let at = from + 1;
  for (;;) {
    const character = text[at];
    if (character === undefined) {
      throw new PacketLanguageError(from + 1, 1, 'this quote is not closed');
    }
    if (character === '"') break;
    if (character !== '\\') {
      const point = text.codePointAt(at)!;
      bytes.push(...new TextEncoder().encode(String.fromCodePoint(point)));
      at += point > 0xffff ? 2 : 1;
      continue;
    }
    const escaped = text[at + 1];
    const hex = /^[0-9a-fA-F]{2}/.exec(text.slice(at + 2, at + 4));
    if (escaped === 'x' && hex) {
      bytes.push(Number.parseInt(hex[0], 16));
      at += 4;
    } else if (escaped !== undefined && escaped in ESCAPES) {
      bytes.push(ESCAPES[escaped]!);
      at += 2;
    } else {
      throw new PacketLanguageError(
        at + 1,
        2,
        `\\${escaped ?? ''} is no escape; there are \\n \\r \\t \\0 \\" \\\\ and \\xHH`,
      );
    }
  }
  return {
    text: text.slice(from, at + 1),
    column: from + 1,
    length: at + 1 - from,
    bytes: Uint8Array.from(bytes),
  };
}

/** Bytes as a text in quotes; undefined if they are not worth reading as one. */
export function quote(bytes: Uint8Array): string | undefined {
  let text = '';
  let plain = 0;
  for (const byte of bytes) {
    if (byte === 34 || byte === 92) {
      text += `\\${String.fromCharCode(byte)}`;
      plain++;
    } else if (byte >= 32 && byte < 127) {
      text += String.fromCharCode(byte);
      plain++;
    } else if (byte === 10 || byte === 13 || byte === 9) {
      text += byte === 10 ? '\\n' : byte === 13 ? '\\r' : '\\t';
      plain++;
    } else {
      text += `\\x${byte.toString(16).padStart(2, '0')}`;
    }
  }
  // Mostly text reads best as text; anything else as hex.
  return bytes.length > 0 && plain * 10 >= bytes.length * 9 ? `"${text}"` : undefined;
}
