import { getField } from './field.ts';
import type { Header } from './layer.ts';
import { openFrame, openPacket } from './open.ts';
import type { Stack } from './packet.ts';
import { printHex } from './values.ts';

/** One field of a packet, in words: `ip.ttl` is `64`. */
export interface Dissected {
  readonly name: string;
  readonly value: string;
  /** Follows from other fields: a length, a checksum. */
  readonly computed: boolean;
}

/** Every field of a bare IP packet, from the outside in. */
export function dissectPacket(bytes: Uint8Array): Dissected[] {
  return (
    fields(openPacket(bytes, 'transport'), false) ?? [
      { name: 'bytes', value: printHex(bytes), computed: false },
    ]
  );
}

/** Every field of a frame. */
export function dissectFrame(bytes: Uint8Array): Dissected[] {
  return (
    fields(openFrame(bytes, 'transport'), true) ?? [
      { name: 'bytes', value: printHex(bytes), computed: false },
    ]
  );
}

function fields(stack: Stack | undefined, isFrame: boolean): Dissected[] | undefined {
  if (!stack) return undefined;
  const found: Dissected[] = [];
  const add = (header: Header, name: string): void => {
    const { layer, bytes } = header;
    for (const field of [...(layer.ports ?? []), ...layer.fields(header)]) {
      if (field.part) continue;
      found.push({
        name: `${name}.${field.word}`,
        value: field.print(getField(bytes, field)),
        computed: field.computed === true,
      });
    }
    const options = header.options.some((part) => part?.length > 0) ? (layer.print?.(header) ?? []) : [];
    if (options.length > 0) {
      found.push({
        name: `${name}.options`,
        value: options.map(({ text }) => text).join(' '),
        computed: false,
      });
    }
  };
  if (isFrame) {
    add(stack.ethernet, 'eth');
    for (const tag of stack.vlans) add(tag, 'vlan');
  }
  if (stack.network) add(stack.network, stack.network.layer.name);
  for (const extension of stack.extensions) add(extension, extension.layer.name);
  if (stack.transport && stack.transport.bytes.length > 1) add(stack.transport, stack.transport.layer.name);
  found.push({ name: 'payload', value: printHex(stack.payload), computed: false });
  return found;
}
