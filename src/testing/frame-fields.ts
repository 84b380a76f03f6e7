/**
 * Where the fields of an Ethernet frame lie that may differ between two runs, and which checksums are wrong: what
 * conformance/frames.py does, in the engine's language.
 */

const ETHERNET = 14;
const EXTENSION_HEADERS = new Set([0, 43, 60]);
const FRAGMENT_HEADER = 44;
const ECHO = new Set([0x0100, 0x0108, 0x3a80, 0x3a81]);
const ERRORS = new Set([0x0103, 0x0104, 0x0105, 0x010b, 0x010c, 0x3a01, 0x3a02, 0x3a03, 0x3a04]);
const TCP = 6;
const UDP = 17;
const UDP_LITE = 136;

/** Offset and length of a field of a frame. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

export type FrameFields = ReadonlyMap<string, Span>;

/** Masking the first masks the others too. */
const DEPENDENT: Readonly<Record<string, readonly string[]>> = {
  'ip-id': ['ip-checksum'],
  sport: ['l4-checksum'],
  dport: ['l4-checksum'],
  'tcp-seq': ['l4-checksum'],
  'icmp-id': ['l4-checksum'],
  'quoted-sport': ['quoted-checksum', 'l4-checksum'],
  'quoted-dport': ['quoted-checksum', 'l4-checksum'],
};

/** The fields that a mask may name. */
export function frameFields(frame: Uint8Array): FrameFields {
  const found = new Map<string, Span>();
  const start = packetStart(frame);
  if (start === undefined) return found;
  const rest = frame.length - start;
  let protocol: number;
  let at: number;
  let fragmentOffset = 0;
  if (version(frame, start) === 4 && rest >= 20) {
    found.set('ip-id', { at: start + 4, length: 2 });
    found.set('ip-checksum', { at: start + 10, length: 2 });
    protocol = frame[start + 9]!;
    fragmentOffset = word(frame, start + 6) & 0x1fff;
    at = start + (frame[start]! & 15) * 4;
  } else if (version(frame, start) === 6 && rest >= 40) {
    protocol = frame[start + 6]!;
    at = start + 40;
    while (frame.length >= at + 8) {
      if (EXTENSION_HEADERS.has(protocol)) {
        const length = (frame[at + 1]! + 1) * 8;
        protocol = frame[at]!;
        at += length;
      } else if (protocol === FRAGMENT_HEADER) {
        found.set('ipv6-fragment-id', { at: at + 4, length: 4 });
        fragmentOffset = word(frame, at + 2) >> 3;
        protocol = frame[at]!;
        at += 8;
      } else {
        break;
      }
    }
  } else {
    return found;
  }
  if (fragmentOffset === 0) addTransport(found, frame, protocol, at);
  return found;
}

function addTransport(found: Map<string, Span>, frame: Uint8Array, protocol: number, at: number): void {
  if (protocol === TCP && frame.length >= at + 20) {
    found.set('sport', { at, length: 2 });
    found.set('dport', { at: at + 2, length: 2 });
    found.set('tcp-seq', { at: at + 4, length: 4 });
    found.set('l4-checksum', { at: at + 16, length: 2 });
  } else if ((protocol === UDP || protocol === UDP_LITE) && frame.length >= at + 8) {
    found.set('sport', { at, length: 2 });
    found.set('dport', { at: at + 2, length: 2 });
    found.set('l4-checksum', { at: at + 6, length: 2 });
  } else if ((protocol === 1 || protocol === 58) && frame.length >= at + 8) {
    found.set('l4-checksum', { at: at + 2, length: 2 });
    const kind = (protocol << 8) | frame[at]!;
    if (ECHO.has(kind)) found.set('icmp-id', { at: at + 4, length: 2 });
    else if (ERRORS.has(kind)) addQuoted(found, frame, at + 8);
  }
}

/** The packet that an ICMP error quotes. */
function addQuoted(found: Map<string, Span>, frame: Uint8Array, start: number): void {
  let protocol: number;
  let at: number;
  if (frame.length >= start + 20 && version(frame, start) === 4) {
    protocol = frame[start + 9]!;
    at = start + (frame[start]! & 15) * 4;
  } else if (frame.length >= start + 40 && version(frame, start) === 6) {
    protocol = frame[start + 6]!;
    at = start + 40;
  } else {
    return;
  }
  if ((protocol !== TCP && protocol !== UDP && protocol !== UDP_LITE) || frame.length < at + 8) return;
  found.set('quoted-sport', { at, length: 2 });
  found.set('quoted-dport', { at: at + 2, length: 2 });
  const checksum = at + (protocol === TCP ? 16 : 6);
  if (frame.length >= checksum + 2) found.set('quoted-checksum', { at: checksum, length: 2 });
}

/** Names of the fields in which two frames differ; undefined if they differ anywhere else too. */
export function differingFields(first: Uint8Array, second: Uint8Array): readonly string[] | undefined {
  const where = frameFields(first);
  const other = frameFields(second);
  if (first.length !== second.length || where.size !== other.size) return undefined;
  for (const [name, { at, length }] of where) {
    const span = other.get(name);
    if (span?.at !== at || span.length !== length) return undefined;
  }
  const names: string[] = [];
  const covered = new Set<number>();
  for (const [name, { at, length }] of where) {
    let differs = false;
    for (let i = at; i < at + length; i++) differs ||= first[i] !== second[i];
    if (!differs) continue;
    names.push(name);
    for (let i = at; i < at + length; i++) covered.add(i);
  }
  for (let i = 0; i < first.length; i++) if (first[i] !== second[i] && !covered.has(i)) return undefined;
  return names;
}

/** The frame with the named fields, and the checksums that depend on them, set to zero. */
export function blank(frame: Uint8Array, names: Iterable<string>): Uint8Array {
  const where = frameFields(frame);
  const result = frame.slice();
  for (const name of names) {
    for (const each of [name, ...(DEPENDENT[name] ?? [])]) {
      const span = where.get(each);
      if (span) result.fill(0, span.at, span.at + span.length);
    }
  }
  return result;
}

/** Names of the checksums (IPv4 header; TCP, UDP, ICMP of unfragmented IPv4 packets) that are wrong. */
export function wrongChecksums(frame: Uint8Array): readonly string[] {
  const where = frameFields(frame);
  const start = packetStart(frame);
  const wrong: string[] = [];
  if (start === undefined) return wrong;
  const header = (frame[start]! & 15) * 4;
  if (where.has('ip-checksum') && checksum(frame, start, start + header, 0) !== 0) wrong.push('ip-checksum');
  if (!where.has('l4-checksum') || version(frame, start) !== 4) return wrong;
  if ((word(frame, start + 6) & 0x3fff) !== 0) return wrong;
  const protocol = frame[start + 9]!;
  if (protocol !== 1 && protocol !== TCP && protocol !== UDP) return wrong;
  const from = start + header;
  const to = Math.max(from, Math.min(frame.length, start + word(frame, start + 2)));
  if (protocol === UDP && word(frame, from + 6) === 0) return wrong;
  let pseudo = 0;
  if (protocol !== 1) {
    pseudo = protocol + (to - from);
    for (let at = start + 12; at < start + 20; at += 2) pseudo += word(frame, at);
  }
  if (checksum(frame, from, to, pseudo) !== 0) wrong.push('l4-checksum');
  return wrong;
}

/** The Internet checksum (RFC 1071) over a part of a frame; 0 if it includes a correct one. */
function checksum(bytes: Uint8Array, from: number, to: number, initial: number): number {
  let total = initial;
  const end = Math.min(to, bytes.length);
  for (let at = from; at < end; at += 2) total += (bytes[at]! << 8) | (at + 1 < end ? bytes[at + 1]! : 0);
  while (total > 0xffff) total = (total % 0x10000) + Math.floor(total / 0x10000);
  return 0xffff - total;
}

/** Offset of the IP packet in a frame; undefined if it carries none. */
function packetStart(frame: Uint8Array): number | undefined {
  const type = frame.length > ETHERNET ? word(frame, 12) : 0;
  return type === 0x0800 || type === 0x86dd ? ETHERNET : undefined;
}

function version(frame: Uint8Array, start: number): number {
  return frame[start]! >> 4;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
