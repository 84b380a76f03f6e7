import {
  IPV6_DESTINATION_AT,
  IPV6_HOP_LIMIT_AT,
  IPV6_LENGTH,
  IPV6_NEXT_HEADER_AT,
  IPV6_PAYLOAD_LENGTH_AT,
  IPV6_SOURCE_AT,
} from '../../../wire/ipv6.ts';
import { ipv6 as address, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened } from '../layer.ts';
import { PROTOCOLS } from '../protocols.ts';
import type { Reader } from '../reader.ts';
import { concat } from '../values.ts';
import { FRAGMENT_WORDS, fragment } from './extensions.ts';

/** RFC 8200, section 3. */
const VERSION = number('version', 0, 4, { shift: 4 });
const CLASS = number('tclass', 0, 8, { aliases: ['tos'], size: 2, shift: 4, hex: true });
const DSCP = number('dscp', 0, 6, { size: 2, shift: 6, view: true, part: true });
const ECN = number('ecn', 1, 2, { shift: 4, view: true, part: true });
const FLOW_LABEL = number('flowlabel', 1, 20, { size: 3, hex: true });
const LENGTH = number('length', IPV6_PAYLOAD_LENGTH_AT, 16, { computed: true });
const NEXT = number('proto', IPV6_NEXT_HEADER_AT, 8, {
  aliases: ['protocol', 'next'],
  computed: true,
  names: PROTOCOLS,
});
const HOP_LIMIT = number('hlim', IPV6_HOP_LIMIT_AT, 8, { aliases: ['ttl', 'hl'] });
export const IPV6_SOURCE = address('src', IPV6_SOURCE_AT, { view: true });
export const IPV6_DESTINATION = address('dst', IPV6_DESTINATION_AT, { view: true });
const FIELDS = [
  VERSION,
  HOP_LIMIT,
  CLASS,
  DSCP,
  ECN,
  FLOW_LABEL,
  LENGTH,
  NEXT,
  IPV6_SOURCE,
  IPV6_DESTINATION,
];

export const ipv6: Layer = {
  name: 'ip',
  protocol: 41,
  vocabulary: FRAGMENT_WORDS,
  initial(): Uint8Array {
    const bytes = new Uint8Array(IPV6_LENGTH);
    bytes[0] = 0x60;
    bytes[IPV6_HOP_LIMIT_AT] = 64;
    return bytes;
  },
  fields: () => FIELDS,
  /** `id 7`, `offset 8`, `mf` mean the fragment header, which IPv4 has in its own. */
  accept(word: string, _header: Header, reader: Reader): boolean {
    if (!FRAGMENT_WORDS.includes(word)) return false;
    let found = reader.extensions.find((extension) => extension.layer === fragment);
    if (!found) {
      found = new Header(fragment, fragment.initial());
      reader.extensions.push(found);
    }
    const field = fragment.fields(found).find((candidate) => candidate.word === word)!;
    reader.give(found, field, field.flag ? 1 : reader.value(word, field.read));
    return true;
  },
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, LENGTH, payload.length);
    compute(header, bytes, NEXT, around.next);
    return bytes;
  },
  open(bytes): Opened | undefined {
    if (bytes.length < IPV6_LENGTH) return undefined;
    return {
      header: new Header(ipv6, bytes.slice(0, IPV6_LENGTH)),
      length: IPV6_LENGTH,
      next: bytes[IPV6_NEXT_HEADER_AT]!,
    };
  },
};
