import { isVlanType } from '../../wire/ethernet.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../../wire/protocols.ts';
import { Header, type Layer } from './layer.ts';
import { arp } from './layers/arp.ts';
import { ethernet, vlan } from './layers/ethernet.ts';
import { EXTENSIONS, fragment } from './layers/extensions.ts';
import { OTHER_PROTOCOL, other, TRANSPORTS } from './layers/index.ts';
import { ipv4 } from './layers/ipv4.ts';
import { ipv6 } from './layers/ipv6.ts';
import type { Stack } from './packet.ts';

/** How closely bytes are read: with the transport's fields, or only as far as IP. */
export type Depth = 'transport' | 'network';

/** A network header that was found, and where the rest of its packet lies. */
interface Network {
  readonly family: 0 | 4 | 6;
  readonly network: Header;
  readonly next: number;
  readonly from: number;
  readonly end: number;
}

/** Headers of a frame; undefined if it is shorter than Ethernet's header. */
export function openFrame(bytes: Uint8Array, depth: Depth): Stack | undefined {
  const opened = ethernet.open(bytes);
  if (!opened) return undefined;
  let at = opened.length;
  let etherType = opened.next!;
  const vlans: Header[] = [];
  while (isVlanType(etherType)) {
    const tag = vlan.open(bytes.subarray(at));
    if (!tag) return undefined;
    vlans.push(tag.header);
    at += tag.length;
    etherType = tag.next!;
  }
  const rest = bytes.subarray(at);
  const network = openNetwork(rest, etherType);
  const inner = network && openInner(rest, network, depth);
  return {
    ...(inner ?? NOTHING),
    payload: inner?.payload ?? rest,
    padding: network ? rest.slice(network.end) : NO_BYTES,
    ethernet: opened.header,
    vlans,
  };
}

/** Headers of a bare IP packet; undefined if it is none. */
export function openPacket(bytes: Uint8Array, depth: Depth): Stack | undefined {
  const version = (bytes[0] ?? 0) >> 4;
  const etherType = version === 4 ? ETHERTYPE_IPV4 : version === 6 ? ETHERTYPE_IPV6 : 0;
  const network = openNetwork(bytes, etherType);
  if (!network) return undefined;
  // Nothing tells where a bare packet ends but its bytes.
  return openInner(bytes, { ...network, end: bytes.length }, depth);
}

const NO_BYTES = new Uint8Array(0);
const NOTHING: Omit<Stack, 'ethernet'> = {
  vlans: [],
  network: undefined,
  family: 0,
  extensions: [],
  transport: undefined,
  payload: NO_BYTES,
  payloadType: undefined,
  cut: undefined,
  padding: NO_BYTES,
};

function openNetwork(bytes: Uint8Array, etherType: number): Network | undefined {
  if (etherType === ETHERTYPE_ARP) {
    const opened = arp.open(bytes);
    return opened && { family: 0, network: opened.header, next: 0, from: 28, end: 28 };
  }
  const layer = etherType === ETHERTYPE_IPV4 ? ipv4 : etherType === ETHERTYPE_IPV6 ? ipv6 : undefined;
  const opened = layer?.open(bytes);
  if (!opened) return undefined;
  const { header, length } = opened;
  const field = header.layer.fields(header).find(({ word }) => word === 'length')!;
  const told = (header.bytes[field.at]! << 8) | header.bytes[field.at + 1]!;
  const total = layer === ipv4 ? told : told + length;
  // A length that cannot be right leaves the packet as long as its bytes.
  const end = total >= length && total <= bytes.length ? total : bytes.length;
  return { family: layer === ipv4 ? 4 : 6, network: header, next: opened.next!, from: length, end };
}

function openInner(bytes: Uint8Array, found: Network, depth: Depth): Stack {
  const base = { ...NOTHING, ethernet: new Header(ethernet, ethernet.initial()), network: found.network };
  if (found.family === 0) return base;
  const { family } = found;
  let rest = bytes.subarray(found.from, found.end);
  let next = found.next;
  const extensions: Header[] = [];
  let isLater = family === 4 && ((found.network.bytes[6]! & 0x1f) | found.network.bytes[7]!) !== 0;
  const fits = (layer: Layer): boolean => !layer.family || layer.family === family;
  while (!isLater) {
    const layer = EXTENSIONS.find((one) => one.protocol === next && fits(one));
    const opened = layer?.open(rest);
    if (!opened) break;
    extensions.push(opened.header);
    rest = rest.subarray(opened.length);
    next = opened.next!;
    isLater = layer === fragment && ((opened.header.bytes[2]! << 8) | (opened.header.bytes[3]! & 0xf8)) !== 0;
  }
  const layer = TRANSPORTS.find((one) => one.protocol === next && fits(one));
  const opened = isLater || depth === 'network' ? undefined : layer?.open(rest);
  if (opened) {
    const payload = rest.slice(opened.length);
    return { ...base, family, extensions, transport: opened.header, payload, payloadType: opened.next };
  }
  const transport = new Header(other, Uint8Array.of(next));
  transport.given.add(OTHER_PROTOCOL);
  return { ...base, family, extensions, transport, payload: rest.slice(), payloadType: undefined };
}
