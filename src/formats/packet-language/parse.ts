import { Header, type Layer } from './layer.ts';
import { arp } from './layers/arp.ts';
import { ethernet, vlan } from './layers/ethernet.ts';
import { EXTENSIONS } from './layers/extensions.ts';
import { OTHER_PROTOCOL, other, TRANSPORTS } from './layers/index.ts';
import { IPV4_DESTINATION, IPV4_SOURCE, ipv4 } from './layers/ipv4.ts';
import { IPV6_DESTINATION, IPV6_SOURCE, ipv6 } from './layers/ipv6.ts';
import { buildFrame, buildNetwork, type Stack } from './packet.ts';
import { nearest } from './problem.ts';
import { Reader } from './reader.ts';
import { type Token, tokens } from './tokens.ts';
import { concat, readHex, readIpv4, readIpv6, readNumber } from './values.ts';

/** Packets within packets; no real one is deeper. */
const MOST_NESTED = 8;
const MOST_BYTES = 65_535;
const PAYLOAD_WORDS = ['payload', 'len', 'padding', 'cut'];
/** The source port of a text that gives none. */
const SOURCE_PORT = 40_000;

/**
 * Reads one packet's text into headers.
 * @throws {PacketLanguageError}
 */
export function parseStack(text: string): Stack {
  const reader = new Reader(tokens(text), text.length + 1);
  const stack = readPacket(reader, 0);
  const rest = reader.peek();
  if (rest) reader.fail(rest, `'${rest.text}' closes nothing`);
  return stack;
}

/** A packet under construction: a {@link Stack} that grows. */
class Draft implements Stack {
  readonly ethernet = new Header(ethernet, ethernet.initial());
  readonly vlans: Header[] = [];
  network: Header | undefined = undefined;
  family: 0 | 4 | 6 = 0;
  readonly extensions: Header[] = [];
  transport: Header | undefined = undefined;
  readonly parts: Uint8Array[] = [];
  payloadType: number | undefined = undefined;
  cut: number | undefined = undefined;
  padding: Uint8Array = new Uint8Array(0);

  get payload(): Uint8Array {
    return concat(...this.parts);
  }

  /** Where a word is looked for, innermost first. */
  get headers(): Header[] {
    const inner = [this.transport, this.network].filter((header) => header !== undefined);
    return [...inner, ...this.vlans.slice(-1), this.ethernet];
  }
}

function readPacket(reader: Reader, depth: number): Stack {
  const draft = new Draft();
  const outer = reader.extensions;
  reader.extensions = draft.extensions;
  const first = reader.next(`a protocol: ${protocolWords().join(', ')}`);
  readProtocol(draft, first, reader);
  while (reader.peek() && reader.peek()!.text !== '}') readWord(draft, reader, depth);
  reader.extensions = outer;
  const { transport, payloadType } = draft;
  if (transport?.layer === other && !transport.given.has(OTHER_PROTOCOL) && payloadType === undefined) {
    reader.fail(first, `${first.text}: which protocol? As in 'proto 47', or a packet in braces`);
  }
  return draft;
}

function protocolWords(): string[] {
  return [...TRANSPORTS.map(({ name }) => name), 'ip', 'arp', 'eth'];
}

function readProtocol(draft: Draft, token: Token, reader: Reader): void {
  if (token.text === 'arp') {
    draft.network = new Header(arp, arp.initial());
    return;
  }
  if (token.text === 'eth') return;
  const transport = token.text === 'ip' ? other : TRANSPORTS.find(({ name }) => name === token.text);
  if (!transport || token.bytes) {
    const meant = nearest(token.text, protocolWords());
    const hint = meant ? `did you mean '${meant}'?` : `there are ${protocolWords().join(', ')}, and hex`;
    reader.fail(token, `'${token.text}' is no protocol; ${hint}`);
  }
  draft.transport = new Header(transport, transport.initial());
  readEndpoints(draft, transport, reader);
}

interface Endpoint {
  readonly token: Token;
  readonly family: 4 | 6;
  readonly address: Uint8Array;
  readonly port: number | undefined;
}

function readEndpoints(draft: Draft, transport: Layer, reader: Reader): void {
  const example = transport.ports ? '192.0.2.1:40000 > 203.0.113.1:80' : '192.0.2.1 > 203.0.113.1';
  const source = readEndpoint(transport, reader, `a source, as in ${example}`);
  const arrow = reader.next(`'>' and a destination, as in ${example}`);
  if (arrow.text !== '>') reader.fail(arrow, `'${arrow.text}' where '>' should stand, as in ${example}`);
  const destination = readEndpoint(transport, reader, `a destination, as in ${example}`);
  const { family } = source;
  if (destination.family !== family) {
    reader.fail(destination.token, `${destination.token.text}: the source is an IPv${family} address`);
  }
  if (transport.family && transport.family !== family) {
    reader.fail(source.token, `${source.token.text}: ${transport.name} has IPv${transport.family} addresses`);
  }
  const layer = family === 4 ? ipv4 : ipv6;
  draft.family = family;
  draft.network = new Header(layer, layer.initial());
  const [from, to] = family === 4 ? [IPV4_SOURCE, IPV4_DESTINATION] : [IPV6_SOURCE, IPV6_DESTINATION];
  reader.give(draft.network, from, source.address);
  reader.give(draft.network, to, destination.address);
  if (!transport.ports) return;
  if (destination.port === undefined) {
    const address =
      family === 4 ? destination.token.text : `[${destination.token.text.replace(/^\[|\]$/g, '')}]`;
    reader.fail(
      destination.token,
      `${destination.token.text}: ${transport.name} goes to a port, as in ${address}:80`,
    );
  }
  reader.give(draft.transport!, transport.ports[0], source.port ?? SOURCE_PORT);
  reader.give(draft.transport!, transport.ports[1], destination.port);
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. */
function readEndpoint(transport: Layer, reader: Reader, wanted: string): Endpoint {
  const token = reader.next(wanted);
  const { text } = token;
  const bracket = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  const isV6 = bracket !== null || text.split(':').length > 2;
  const address = bracket ? bracket[1]! : isV6 ? text : text.split(':')[0]!;
  const port = bracket ? bracket[2] : isV6 ? undefined : text.split(':')[1];
  const read = isV6 ? readIpv6 : readIpv4;
  const bytes = reader.part('address', token, address, bracket ? 1 : 0, read);
  if (port !== undefined && !transport.ports) reader.fail(token, `${text}: ${transport.name} has no ports`);
  const at = text.length - (port ?? '').length;
  const number =
    port === undefined
      ? undefined
      : reader.part('port', token, port, at, (word) => readNumber(word, 0, 65_535));
  return { token, family: isV6 ? 6 : 4, address: bytes, port: number };
}

function readWord(draft: Draft, reader: Reader, depth: number): void {
  const token = reader.next('a word');
  if (readPayload(draft, token, reader, depth)) return;
  const extension = draft.family === 0 ? undefined : EXTENSIONS.find(({ name }) => name === token.text);
  if (
    extension &&
    (!extension.family || extension.family === draft.family) &&
    token.text !== draft.transport?.layer.name
  ) {
    readExtension(extension, reader);
    return;
  }
  // Each tag has its own header; the words behind it speak of the last one.
  if (token.text === 'vlan') draft.vlans.push(new Header(vlan, vlan.initial()));
  const dot = /^([a-z0-9]+)\.(.+)$/.exec(token.text);
  const headers = dot ? draft.headers.filter(({ layer }) => layer.name === dot[1]) : draft.headers;
  const word = dot && headers.length > 0 ? dot[2]! : token.text;
  for (const header of headers) if (takeWord(header, word, reader)) return;
  fail(token, draft, reader);
}

/** The header's own syntax, or one of its fields. */
function takeWord(header: Header, word: string, reader: Reader): boolean {
  if (header.layer.accept?.(word, header, reader)) return true;
  const field = header.layer.fields(header).find((one) => one.word === word || one.aliases?.includes(word));
  if (!field) return false;
  reader.give(header, field, field.flag ? 1 : reader.value(word, field.read));
  return true;
}

function readExtension(layer: Layer, reader: Reader): void {
  const header = new Header(layer, layer.initial());
  if (reader.skip('{')) {
    while (!reader.skip('}')) {
      const token = reader.next(`'}' to close '${layer.name} {'`);
      if (!takeWord(header, token.text, reader)) {
        const words = wordsOf(header);
        const meant = nearest(token.text, words);
        const hint = meant ? `did you mean '${meant}'?` : `there are ${words.join(', ')}`;
        reader.fail(token, `'${token.text}' means nothing in '${layer.name} { }'; ${hint}`);
      }
    }
  }
  reader.extensions.push(header);
}

function readPayload(draft: Draft, token: Token, reader: Reader, depth: number): boolean {
  if (token.bytes) {
    draft.parts.push(token.bytes);
  } else if (token.text.startsWith('hex:')) {
    draft.parts.push(reader.part('hex', token, token.text.slice(4), 4, readHex));
  } else if (token.text === '{') {
    if (depth >= MOST_NESTED) reader.fail(token, `packets within packets: the most is ${MOST_NESTED}`);
    const inner = readPacket(reader, depth + 1);
    if (!reader.skip('}')) reader.next(`'}' to close the brace at column ${token.column}`);
    draft.parts.push(buildNetworkOrFrame(inner));
    draft.payloadType = inner.family === 6 ? 41 : 4;
  } else if (token.text === 'len') {
    draft.parts.push(new Uint8Array(reader.value('len', (text) => readNumber(text, 0, MOST_BYTES))));
  } else if (token.text === 'cut') {
    draft.cut = reader.value('cut', (text) => readNumber(text, 0, MOST_BYTES));
  } else if (token.text === 'padding') {
    const byNumber = reader.nextFits((text) => readNumber(text, 0, 1500));
    const length = (text: string): number => readNumber(text, 0, 1500);
    draft.padding = byNumber
      ? new Uint8Array(reader.value('padding', length))
      : reader.value('padding', readHex);
  } else if (token.text === 'payload') {
    const value = reader.peek();
    const right = value && (value.bytes || /^hex:|^len$/.test(value.text) || value.text === '{');
    if (!right) {
      const place = reader.next('a payload: "text", hex:…, len N, or a packet in braces');
      reader.fail(place, `payload ${place.text}: must be "text", hex:…, len N, or a packet in braces`);
    }
  } else {
    return false;
  }
  const size = draft.parts.reduce((sum, part) => sum + part.length, 0);
  if (size > MOST_BYTES) reader.fail(token, `the payload has ${size} bytes; the most is ${MOST_BYTES}`);
  return true;
}

function buildNetworkOrFrame(inner: Stack): Uint8Array {
  return inner.network ? buildNetwork(inner) : buildFrame(inner);
}

function wordsOf(header: Header): string[] {
  return [...header.layer.fields(header).map(({ word }) => word), ...(header.layer.vocabulary ?? [])];
}

function fail(token: Token, draft: Draft, reader: Reader): never {
  if (/^[0-9]/.test(token.text))
    reader.fail(token, `'${token.text}' is a value, but no word before it takes one`);
  const extensions = draft.family === 6 ? EXTENSIONS.map(({ name }) => name) : [];
  const words = [...draft.headers.flatMap(wordsOf), ...PAYLOAD_WORDS, ...extensions];
  const name =
    draft.transport?.layer === other ? 'ip' : (draft.transport ?? draft.network ?? draft.ethernet).layer.name;
  const meant = nearest(token.text, words);
  const hint = meant
    ? `did you mean '${meant}'?`
    : `there are ${[...new Set(words)].slice(0, 12).join(', ')} and more`;
  reader.fail(token, `'${token.text}' means nothing for ${name}; ${hint}`);
}
