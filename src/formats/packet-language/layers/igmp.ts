import { checksum } from '../../../wire/checksum.ts';
import { ipv4, number } from '../field.ts';
import { compute, type Header, type Layer, openFixed, type Word } from '../layer.ts';
import { concat } from '../values.ts';

/** RFC 2236 and RFC 9776. */
const NAMES: Readonly<Record<string, number>> = {
  query: 0x11,
  'report-v1': 0x12,
  report: 0x16,
  leave: 0x17,
  'report-v3': 0x22,
};
const TYPE = number('type', 0, 8, { hex: true, view: true });
const RESPONSE = number('max-response', 1, 8);
const CHECKSUM = number('checksum', 2, 16, { hex: true, computed: true });
const GROUP = ipv4('group', 4, { short: true });

export const igmp: Layer = {
  name: 'igmp',
  protocol: 2,
  family: 4,
  vocabulary: Object.keys(NAMES),
  initial: () => Uint8Array.of(0x11, 0, 0, 0, 0, 0, 0, 0),
  fields: () => [TYPE, RESPONSE, CHECKSUM, GROUP],
  accept(word, header): boolean {
    if (!Object.hasOwn(NAMES, word)) return false;
    header.bytes[0] = NAMES[word]!;
    return true;
  },
  seal(header: Header, payload: Uint8Array): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, CHECKSUM, checksum(bytes, 0, bytes.length));
    return bytes;
  },
  open: (bytes) => openFixed(igmp, bytes, 8),
  print(header): Word[] {
    const name = Object.entries(NAMES).find(([, type]) => type === header.bytes[0])?.[0];
    const text = name ?? `type ${TYPE.print(header.bytes[0]!)}`;
    return [{ text, brief: text }];
  },
};
