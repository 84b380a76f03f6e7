import { describe, expect, it } from 'vitest';
import { isKnownLinkType, LINK_TYPE, linkPayload, linkTypeName } from './link-types.ts';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('what a captured frame carries', () => {
  it.each([
    ['Ethernet', LINK_TYPE.ETHERNET, 'ffffffffffff 020000000001 0806 00', 0x0806, 14, '020000000001'],
    ['raw IPv4', LINK_TYPE.RAW, '45', 0x0800, 0, undefined],
    ['raw IPv6', LINK_TYPE.RAW, '60', 0x86dd, 0, undefined],
    ['loopback of a little-endian machine', LINK_TYPE.NULL, '02000000 45', 0x0800, 4, undefined],
    ['loopback of a big-endian machine', LINK_TYPE.NULL, '00000002 45', 0x0800, 4, undefined],
    ['loopback, IPv6 on macOS', LINK_TYPE.NULL, '1e000000 60', 0x86dd, 4, undefined],
    ['OpenBSD loopback, IPv6', LINK_TYPE.LOOP, '00000018 60', 0x86dd, 4, undefined],
    ['cooked', LINK_TYPE.LINUX_SLL, '0000 0001 0006 020000000001 0000 0800', 0x0800, 16, '020000000001'],
    ['cooked loopback', LINK_TYPE.LINUX_SLL, '0000 0304 0000 000000000000 0000 86dd', 0x86dd, 16, undefined],
    [
      'cooked v2',
      LINK_TYPE.LINUX_SLL2,
      '0806 0000 00000002 0001 00 06 020000000001 0000',
      0x0806,
      20,
      '020000000001',
    ],
  ])('%s', (_name, linkType, bytes, etherType, offset, mac) => {
    const frame = hex(bytes);
    const found = linkPayload(linkType, frame);
    expect(found?.etherType).toBe(etherType);
    expect(found?.offset).toBe(offset);
    const at = found!.sourceMac;
    expect(at < 0 ? undefined : Buffer.from(frame.subarray(at, at + 6)).toString('hex')).toBe(mac);
  });

  it.each([
    ['a short Ethernet frame', LINK_TYPE.ETHERNET, 'ffffffffffff0200000000010806'.slice(2)],
    ['no bytes', LINK_TYPE.RAW, ''],
    ['an IP version that is none', LINK_TYPE.RAW, '55'],
    ['an unknown address family', LINK_TYPE.NULL, '07000000'],
    ['a short cooked header', LINK_TYPE.LINUX_SLL, '0000'],
    ['a short cooked v2 header', LINK_TYPE.LINUX_SLL2, '08000000'],
    ['an unknown link type', 147, '45000000'],
  ])('nothing: %s', (_name, linkType, bytes) => {
    expect(linkPayload(linkType, hex(bytes))).toBeUndefined();
  });

  it('has names', () => {
    expect(linkTypeName(1)).toBe('Ethernet');
    expect(linkTypeName(147)).toBe('link type 147');
    expect(isKnownLinkType(276)).toBe(true);
    expect(isKnownLinkType(147)).toBe(false);
  });
});
