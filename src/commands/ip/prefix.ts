import { formatAddress, fromBytes, parseIpv6, toBytes } from '../../xtables/address.ts';

/** An address with the length of its network. */
export interface Prefix {
  readonly family: 4 | 6;
  /** 4 or 16 bytes. */
  readonly bytes: Uint8Array;
  readonly length: number;
  /** A length was written. */
  readonly explicit: boolean;
}

/** 1 to 4 octets; what is left out on the right is 0 (iproute2's get_addr_ipv4). */
function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length > 4 || parts.some((part) => !/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255))
    return undefined;
  const bytes = new Uint8Array(4);
  parts.forEach((part, index) => {
    bytes[index] = Number(part);
  });
  return bytes;
}

/** `192.0.2.0/24`, `2001:db8::/32`, `default`, `any`, `all`; undefined if it is none of these. */
export function parsePrefix(text: string, family: 4 | 6 | undefined): Prefix | undefined {
  if (text === 'default' || text === 'any' || text === 'all') {
    return {
      family: family ?? 4,
      bytes: new Uint8Array(family === 6 ? 16 : 4),
      length: 0,
      explicit: text !== 'default',
    };
  }
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(0, slash);
  const six = name.includes(':');
  if (family !== undefined && six !== (family === 6)) return undefined;
  const words = six ? parseIpv6(name) : undefined;
  const bytes = six ? words && toBytes(words) : parseIpv4(name);
  if (!bytes) return undefined;
  const most = bytes.length * 8;
  let length = most;
  if (slash >= 0) {
    const written = text.slice(slash + 1);
    const mask = six ? undefined : written.includes('.') ? parseIpv4(written) : undefined;
    if (mask) {
      const word = fromBytes(mask)[0]!;
      length = Math.clz32(~word);
      if (length < 32 && word << length !== 0) return undefined;
    } else if (/^[0-9]+$/.test(written) && Number(written) <= most) {
      length = Number(written);
    } else {
      return undefined;
    }
  }
  return { family: six ? 6 : 4, bytes, length, explicit: slash >= 0 };
}

export function addressText(bytes: Uint8Array): string {
  return formatAddress(fromBytes(bytes));
}

/** An IPv4 address as the path has it. */
export function asNumber(bytes: Uint8Array): number {
  return (bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!;
}

/** The same back. */
export function fromNumber(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255);
}

/** `02:00:00:00:00:01`; undefined if it is none. */
export function parseMac(text: string): Uint8Array | undefined {
  const parts = text.split(/[:.-]/);
  if (parts.length !== 6 || parts.some((part) => !/^[0-9a-fA-F]{1,2}$/.test(part))) return undefined;
  return Uint8Array.from(parts, (part) => Number.parseInt(part, 16));
}

export function macText(mac: Uint8Array): string {
  return [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
