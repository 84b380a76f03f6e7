import {
  ARP_LENGTH,
  ARP_OPERATION_AT,
  ARP_REPLY,
  ARP_REQUEST,
  ARP_SENDER_IP_AT,
  ARP_SENDER_MAC_AT,
  ARP_TARGET_IP_AT,
  ARP_TARGET_MAC_AT,
  arpOperation,
  setArpOperation,
} from '../../../wire/arp.ts';
import { ipv4, mac, number } from '../field.ts';
import { type Around, type Header, type Layer, openFixed, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat } from '../values.ts';

/** RFC 826, for Ethernet and IPv4. */
const OPERATION = number('op', ARP_OPERATION_AT, 16, { view: true });
/** The frame's source, unless it is given. */
const SENDER_MAC = mac('sender-mac', ARP_SENDER_MAC_AT, { computed: true });
const SENDER = ipv4('sender', ARP_SENDER_IP_AT);
const TARGET_MAC = mac('target-mac', ARP_TARGET_MAC_AT);
const TARGET = ipv4('target', ARP_TARGET_IP_AT);
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

/** `arp who-has 192.0.2.1 tell 192.0.2.7`, `arp reply 192.0.2.1 is-at 02:00:00:00:00:01 to 192.0.2.7`. */
export const arp: Layer = {
  name: 'arp',
  protocol: -1,
  vocabulary: ['who-has', 'tell', 'reply', 'is-at', 'to'],
  initial: () => Uint8Array.of(0, 1, 8, 0, 6, 4, 0, ARP_REQUEST, ...new Uint8Array(20)),
  fields: () => FIELDS,
  accept(word: string, header: Header, reader: Reader): boolean {
    switch (word) {
      case 'who-has':
        setArpOperation(header.bytes, 0, ARP_REQUEST);
        reader.give(header, TARGET, reader.value(word, TARGET.read));
        return true;
      case 'tell':
        reader.give(header, SENDER, reader.value(word, SENDER.read));
        return true;
      case 'reply':
        setArpOperation(header.bytes, 0, ARP_REPLY);
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
  open: (bytes) => openFixed(arp, bytes, ARP_LENGTH),
  print(header): Word[] {
    const bytes = header.bytes;
    const sender = SENDER.print(bytes.subarray(ARP_SENDER_IP_AT));
    const target = TARGET.print(bytes.subarray(ARP_TARGET_IP_AT));
    const operation = arpOperation(bytes, 0);
    let text = `tell ${sender} to ${target} op ${operation}`;
    if (operation === ARP_REQUEST) text = `who-has ${target} tell ${sender}`;
    if (operation === ARP_REPLY)
      text = `reply ${sender} is-at ${SENDER_MAC.print(bytes.subarray(ARP_SENDER_MAC_AT))} to ${target}`;
    return [{ text, brief: text }];
  },
};
