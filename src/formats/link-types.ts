/** The link layers that captures come in (https://www.tcpdump.org/linktypes.html), and how to find IP behind them. */
export const LINK_TYPE = {
  NULL: 0,
  ETHERNET: 1,
  RAW_BSD: 12,
  RAW: 101,
  LOOP: 108,
  LINUX_SLL: 113,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;

/** What a captured frame carries: the EtherType and where its payload begins. */
export interface LinkPayload {
  readonly etherType: number;
  readonly offset: number;
  /** Where the sender's hardware address begins, if the link layer tells a 6-byte one; else -1. */
  readonly sourceMac: number;
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'BSD loopback',
  1: 'Ethernet',
  12: 'raw IP',
  101: 'raw IP',
  108: 'OpenBSD loopback',
  113: 'Linux cooked',
  228: 'raw IPv4',
  229: 'raw IPv6',
  276: 'Linux cooked v2',
};

/** Can frames of this link type be carried? */
export function isKnownLinkType(linkType: number): boolean {
  return linkType in NAMES;
}

/** `Ethernet`, `Linux cooked`, … or `link type 147`. */
export function linkTypeName(linkType: number): string {
  return NAMES[linkType] ?? `link type ${linkType}`;
}

/** Names what is read, for an error about what is not. */
export function knownLinkTypes(): string {
  return Object.entries(NAMES)
    .map(([number, name]) => `${number} (${name})`)
    .join(', ');
}

/**
 * Finds what a frame of a link type carries; undefined if the frame is shorter than its link header, or carries
 * something that has no EtherType. Ethernet's own header is not opened for VLAN tags: they are the host's business.
 */
export function linkPayload(linkType: number, bytes: Uint8Array): LinkPayload | undefined {
  switch (linkType) {
    case LINK_TYPE.ETHERNET:
      return bytes.length < 14 ? undefined : { etherType: word(bytes, 12), offset: 14, sourceMac: 6 };
    case LINK_TYPE.RAW:
    case LINK_TYPE.RAW_BSD:
    case LINK_TYPE.IPV4:
    case LINK_TYPE.IPV6: {
      const etherType = ofVersion((bytes[0] ?? 0) >> 4);
      return etherType === undefined ? undefined : { etherType, offset: 0, sourceMac: -1 };
    }
    case LINK_TYPE.NULL:
    case LINK_TYPE.LOOP: {
      const etherType = bytes.length < 4 ? undefined : ofAddressFamily(bytes);
      return etherType === undefined ? undefined : { etherType, offset: 4, sourceMac: -1 };
    }
    case LINK_TYPE.LINUX_SLL:
      return bytes.length < 16 ? undefined : cooked(word(bytes, 14), 16, word(bytes, 4), 6);
    case LINK_TYPE.LINUX_SLL2:
      return bytes.length < 20 ? undefined : cooked(word(bytes, 0), 20, bytes[11]!, 12);
    default:
      return undefined;
  }
}

function cooked(etherType: number, offset: number, addressLength: number, address: number): LinkPayload {
  return { etherType, offset, sourceMac: addressLength === 6 ? address : -1 };
}

function word(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!;
}

function ofVersion(version: number): number | undefined {
  return version === 4 ? 0x0800 : version === 6 ? 0x86dd : undefined;
}

/**
 * BSD loopback headers hold the address family of the machine that captured, in its byte order (LOOP: in network
 * order). IPv4 is 2 everywhere; IPv6 is 10 on Linux, 24, 28 or 30 on the BSDs and macOS.
 */
function ofAddressFamily(bytes: Uint8Array): number | undefined {
  const family = bytes[0] === 0 && bytes[1] === 0 ? word(bytes, 2) : bytes[0]! | (bytes[1]! << 8);
  if (family === 2) return 0x0800;
  return [10, 24, 28, 30].includes(family) ? 0x86dd : undefined;
}
