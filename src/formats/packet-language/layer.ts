import type { Field } from './field.ts';
import type { Reader } from './reader.ts';
import { concat } from './values.ts';

/** A header while its words are read, or after its bytes were. */
export class Header {
  readonly layer: Layer;
  /** The fixed part. */
  bytes: Uint8Array;
  /** The variable part, in pieces: options, addresses. */
  options: Uint8Array[] = [];
  /** Fields that were given, which are then not computed. */
  readonly given = new Set<Field>();

  constructor(layer: Layer, bytes: Uint8Array) {
    this.layer = layer;
    this.bytes = bytes;
  }

  /** The variable part as one. */
  get optionBytes(): Uint8Array {
    return concat(...this.options);
  }
}

/** What a header needs to know of the headers around it. */
export interface Around {
  /** IP version; 0 where there is no IP. */
  readonly family: 0 | 4 | 6;
  /** Sum of the pseudo header for a checksum (RFC 768, RFC 8200 section 8.1). */
  pseudo(protocol: number, length: number): number;
  /** Protocol number or EtherType of what comes next. */
  readonly next: number;
  /** The frame's source address; zeros where there is no frame. */
  readonly sourceMac: Uint8Array;
}

/** A piece of a line. */
export interface Word {
  readonly text: string;
  /** What a short line says of it; left out there if undefined. Such words also come first in a full line. */
  readonly brief?: string | undefined;
}

/** What was found at the front of some bytes. */
export interface Opened {
  readonly header: Header;
  /** Length of the whole header. */
  readonly length: number;
  /** Protocol number of what comes next, where the header tells. */
  readonly next?: number;
}

/** One protocol of the language. */
export interface Layer {
  /** The word that names it, also before a dot: `tcp.seq`. */
  readonly name: string;
  /** Protocol number behind IP; -1 if it has none. */
  readonly protocol: number;
  /** 4 or 6 if only one family carries it. */
  readonly family?: 4 | 6;
  /** The two endpoints have ports, and these are their fields. */
  readonly ports?: readonly [Field, Field];
  /** The fixed part of a header about which nothing is said. */
  initial(): Uint8Array;
  /** The fields that a header has; they may depend on its type. */
  fields(header: Header): readonly Field[];
  /** Words of its own syntax. `accept` understands them and takes what belongs to them. */
  readonly vocabulary?: readonly string[];
  accept?(word: string, header: Header, reader: Reader): boolean;
  /** The header with its payload: lengths, padding and checksums computed unless given. */
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array;
  /** Reads a header; undefined if these bytes hold none that could be built again. */
  open(bytes: Uint8Array): Opened | undefined;
  /** The words of its own syntax that make this header. */
  print?(header: Header): Word[];
}

/** A header of fixed length whose bytes `open` takes as they are. */
export function openFixed(layer: Layer, bytes: Uint8Array, length: number): Opened | undefined {
  if (bytes.length < length) return undefined;
  return { header: new Header(layer, bytes.slice(0, length)), length };
}

/** Sets a computed number, unless its word was given. */
export function compute(header: Header, bytes: Uint8Array, field: Field, value: number): void {
  if (header.given.has(field)) return;
  let rest = value;
  // Computed fields fill whole bytes, or the upper half of one (header lengths).
  if (field.bits === 4) {
    bytes[field.at] = (bytes[field.at]! & ~(15 << field.shift)) | ((value & 15) << field.shift);
    return;
  }
  for (let at = field.at + field.size - 1; at >= field.at; at--) {
    bytes[at] = rest & 255;
    rest = Math.floor(rest / 256);
  }
}
