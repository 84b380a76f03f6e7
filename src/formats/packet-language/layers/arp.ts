import { ipv4, mac, number } from '../field.ts';
import { type Around, type Header, type Layer, openFixed, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat } from '../values.ts';

/** RFC 826, for Ethernet and IPv4. */
const OPERATION = number('op', 6, 16, { view: true });
/** The frame's source, unless it is given. */
const SENDER_MAC = mac('sender-mac', 8, { computed: true });
const SENDER = ipv4('sender', 14);
const TARGET_MAC = mac('target-mac', 18);
const TARGET = ipv4('target', 24);
const FIELDS = [
  number('hardware', 0, 16),
  number('protocol', 2, 16, { hex: true }),
  number('hardware-length', 4, 8),
  number('protocol-length', 5, 8),
  OPERATION,
  SENDER_MAC,
  { ...SENDER, view: true },
  TARGET_MAC,
  { ...TARGET, view: true },
];
const REQUEST = 1;
const REPLY = 2;

/** `arp who-has 192.0.2.1 tell 192.0.2.7`, `arp reply 192.0.2.1 is-at 02:00:00:00:00:01 to 192.0.2.7`. */
export const arp: Layer = {
  name: 'arp',
  protocol: -1,
  vocabulary: ['who-has', 'tell', 'reply', 'is-at', 'to'],
  initial: () => Uint8Array.of(0, 1, 8, 0, 6, 4, 0, REQUEST, ...new Uint8Array(20)),
  fields: () => FIELDS,
  accept(word: string, header: Header, reader: Reader): boolean {
    switch (word) {
      case 'who-has':
        header.bytes[7] = REQUEST;
        reader.give(header, TARGET, reader.value(word, TARGET.read));
        return true;
      case 'tell':
        reader.give(header, SENDER, reader.value(word, SENDER.read));
        return true;
      case 'reply':
        header.bytes[7] = REPLY;
        reader.give(header, SENDER, reader.value(word, SENDER.read));
        return true;
      case 'is-at':
        reader.give(header, SENDER_MAC, reader.value(word, SENDER_MAC.read));
        return true;
      case 'to':
        reader.give(header, TARGET, reader.value(word, TARGET.read));
        return true;
      default:
        return false;
    }
  },
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    if (!header.given.has(SENDER_MAC)) bytes.set(around.sourceMac, SENDER_MAC.at);
    return bytes;
  },
  open: (bytes) => openFixed(arp, bytes, 28),
  print(header): Word[] {
    const bytes = header.bytes;
    const sender = SENDER.print(bytes.subarray(14, 18));
    const target = TARGET.print(bytes.subarray(24, 28));
    const operation = (bytes[6]! << 8) | bytes[7]!;
    let text = `tell ${sender} to ${target} op ${operation}`;
    if (operation === REQUEST) text = `who-has ${target} tell ${sender}`;
    if (operation === REPLY)
      text = `reply ${sender} is-at ${SENDER_MAC.print(bytes.subarray(8, 14))} to ${target}`;
    return [{ text, brief: text }];
  },
};
