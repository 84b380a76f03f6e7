import { type Field, getField, sameValue } from './field.ts';
import type { Header, Word } from './layer.ts';
import { DESTINATION_MAC, SOURCE_MAC } from './layers/ethernet.ts';
import { other } from './layers/index.ts';
import { type Depth, openFrame, openPacket } from './open.ts';
import { buildFrame, buildNetwork, type Stack } from './packet.ts';
import { parseStack } from './parse.ts';
import { quote } from './tokens.ts';
import { equal, printHex, printIpv4, printIpv6 } from './values.ts';

/** Computed fields that a line has to give, since the packet has other values; by their header's place in the stack. */
type Overrides = Map<string, Set<Field>>;

/** Rounds in which overrides may bring each other about (a length changes a checksum). */
const MOST_ROUNDS = 4;

/** A bare IP packet as one line, which reads back as the same bytes. */
export function printPacket(bytes: Uint8Array): string {
  return (
    exact(bytes, (depth) => openPacket(bytes, depth), buildNetwork, false) ?? `packet ${printHex(bytes)}`
  );
}

/** A frame as one line, which reads back as the same bytes. */
export function printFrame(bytes: Uint8Array): string {
  return exact(bytes, (depth) => openFrame(bytes, depth), buildFrame, true) ?? `frame ${printHex(bytes)}`;
}

/** What matters most of a packet: protocol, addresses, ports, flags or type, and how long its data is. */
export function summarizePacket(bytes: Uint8Array): string {
  const stack = openPacket(bytes, 'transport');
  return stack ? shortLine(stack) : `${bytes.length} bytes that are no IP packet`;
}

/** The same of a frame. */
export function summarizeFrame(bytes: Uint8Array): string {
  const stack = openFrame(bytes, 'transport');
  if (!stack) return `${bytes.length} bytes that are no frame`;
  return shortLine(stack);
}

function exact(
  bytes: Uint8Array,
  open: (depth: Depth) => Stack | undefined,
  build: (stack: Stack) => Uint8Array,
  isFrame: boolean,
): string | undefined {
  for (const depth of ['transport', 'network'] as const) {
    const stack = open(depth);
    if (!stack) return undefined;
    const overrides: Overrides = new Map();
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const line = fullLine(stack, overrides, isFrame);
      const again = parseStack(line);
      const built = build(again);
      if (equal(built, bytes)) return line;
      const rebuilt = isFrame ? openFrame(built, depth) : openPacket(built, depth);
      if (!rebuilt || !addOverrides(stack, rebuilt, overrides)) break;
    }
  }
  return undefined;
}

function fullLine(stack: Stack, overrides: Overrides, isFrame: boolean): string {
  const words: string[] = [beginning(stack)];
  const inner: Header[] = [];
  for (const [key, header] of named(stack, isFrame)) {
    const isExtension = key.startsWith('extension');
    const own = headerWords(header, isExtension ? [] : inner, overrides.get(key)).map(({ text }) => text);
    if (isExtension)
      words.push(own.length > 0 ? `${header.layer.name} { ${own.join(' ')} }` : header.layer.name);
    else words.push(...own);
    if (!isExtension) inner.push(header);
  }
  if (stack.payload.length > 0) words.push(payloadWord(stack));
  if (stack.padding.length > 0) {
    const zeros = stack.padding.every((byte) => byte === 0);
    words.push(`padding ${zeros ? stack.padding.length : printHex(stack.padding)}`);
  }
  return words.join(' ');
}

/** The headers of a stack, innermost first, as the words of a line follow one another. */
function named(stack: Stack, isFrame: boolean): [string, Header][] {
  const list: [string, Header][] = [];
  if (stack.transport) list.push(['transport', stack.transport]);
  if (stack.network) list.push(['network', stack.network]);
  for (const [index, header] of stack.extensions.entries()) list.push([`extension ${index}`, header]);
  if (!isFrame) return list;
  for (const [index, header] of stack.vlans.entries()) list.push([`vlan ${index}`, header]);
  list.push(['ethernet', stack.ethernet]);
  return list;
}

function beginning(stack: Stack): string {
  const { network, transport, family } = stack;
  if (!network) return 'eth';
  if (family === 0 || !transport) return 'arp';
  const name = transport.layer === other ? 'ip' : transport.layer.name;
  const ports = transport.layer.ports?.map((field) => getField(transport.bytes, field) as number);
  const [source, destination] = addresses(network, family);
  const end = (address: string, port: number | undefined): string => {
    if (port === undefined) return address;
    return family === 4 ? `${address}:${port}` : `[${address}]:${port}`;
  };
  return `${name} ${end(source, ports?.[0])} > ${end(destination, ports?.[1])}`;
}

function addresses(network: Header, family: 4 | 6): [string, string] {
  const { bytes } = network;
  return family === 4
    ? [printIpv4(bytes.subarray(12, 16)), printIpv4(bytes.subarray(16, 20))]
    : [printIpv6(bytes.subarray(8, 24)), printIpv6(bytes.subarray(24, 40))];
}

/**
 * The words of one header: what it is, its fields that are not as they would be unsaid or are overridden, and the rest
 * of its own syntax.
 */
function headerWords(header: Header, inner: readonly Header[], overrides: Set<Field> | undefined): Word[] {
  const { layer, bytes } = header;
  const initial = new Uint8Array(bytes.length);
  initial.set(layer.initial().subarray(0, bytes.length));
  const fields: Word[] = [];
  for (const field of layer.fields(header)) {
    const value = getField(bytes, field);
    const isAsUnsaid = sameValue(value, getField(initial, field)) && !field.always;
    if (field.computed ? !overrides?.has(field) : field.view || isAsUnsaid) continue;
    const text = field.flag ? field.word : `${field.word} ${field.print(value)}`;
    fields.push({ text, brief: field.short ? text : undefined });
  }
  const own = layer.print?.(header) ?? [];
  const words = [...own.filter(({ brief }) => brief), ...fields, ...own.filter(({ brief }) => !brief)];
  return words.map(({ text, brief }) => ({
    text: qualified(text, header, inner),
    brief: brief && qualified(brief, header, inner),
  }));
}

/** A word that an inner header knows too gets its header's name: `ip.id 7`. */
function qualified(text: string, header: Header, inner: readonly Header[]): string {
  const word = text.split(' ')[0]!;
  const known = inner.some(
    (one) =>
      one.layer.vocabulary?.includes(word) ||
      one.layer.fields(one).some((field) => field.word === word || field.aliases?.includes(word)),
  );
  return known ? `${header.layer.name}.${text}` : text;
}

function payloadWord(stack: Stack): string {
  const { payload } = stack;
  if (mayCarryPacket(stack)) {
    const inner = printPacket(payload);
    if (!inner.startsWith('packet ')) return `{ ${inner} }`;
  }
  if (payload.every((byte) => byte === 0)) return `len ${payload.length}`;
  return quote(payload) ?? printHex(payload);
}

const QUOTING: Readonly<Record<string, readonly number[]>> = {
  icmp: [3, 4, 5, 11, 12],
  icmp6: [1, 2, 3, 4],
};

/** Tunnels and ICMP errors hold packets. */
function mayCarryPacket({ transport, payload, payloadType }: Stack): boolean {
  if (!transport) return false;
  const version = (payload[0] ?? 0) >> 4;
  const { layer, bytes } = transport;
  if (layer === other) return bytes[0] === (version === 4 ? 4 : version === 6 ? 41 : -1);
  if (layer.name === 'gre') return payloadType === (version === 6 ? 0x86dd : version === 4 ? 0x0800 : -1);
  return QUOTING[layer.name]?.includes(bytes[0]!) === true;
}

/** Notes the computed fields in which the packet differs from what its line gave. False if nothing was new. */
function addOverrides(stack: Stack, rebuilt: Stack, overrides: Overrides): boolean {
  const others = new Map(named(rebuilt, true));
  let isNew = false;
  for (const [key, header] of named(stack, true)) {
    const other = others.get(key);
    if (!other || other.layer !== header.layer || other.bytes.length !== header.bytes.length) continue;
    for (const field of header.layer.fields(header)) {
      if (!field.computed || sameValue(getField(header.bytes, field), getField(other.bytes, field))) continue;
      const known = overrides.get(key) ?? new Set();
      if (known.has(field)) continue;
      overrides.set(key, known.add(field));
      isNew = true;
    }
  }
  return isNew;
}

function shortLine(stack: Stack): string {
  const { network, payload, ethernet } = stack;
  if (!network) {
    const [source, destination] = [SOURCE_MAC, DESTINATION_MAC].map((field) =>
      field.print(getField(ethernet.bytes, field)),
    );
    const type = ((ethernet.bytes[12]! << 8) | ethernet.bytes[13]!).toString(16).padStart(4, '0');
    return `eth ${source} > ${destination} ethertype 0x${type} len ${payload.length}`;
  }
  const words = [beginning(stack)];
  const inner: Header[] = [];
  for (const [key, header] of named(stack, false)) {
    const around = key.startsWith('extension') ? [] : inner;
    for (const { brief } of headerWords(header, around, undefined)) if (brief) words.push(brief);
    if (!key.startsWith('extension')) inner.push(header);
  }
  for (const tag of stack.vlans)
    words.push(`vlan ${getField(tag.bytes, tag.layer.fields(tag)[0]!) as number}`);
  if (payload.length > 0) {
    const quoted = mayCarryPacket(stack) ? openPacket(payload, 'transport') : undefined;
    words.push(quoted ? `{ ${shortLine(quoted)} }` : `len ${payload.length}`);
  }
  return words.join(' ');
}
