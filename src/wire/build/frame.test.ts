import { expect, test } from 'vitest';
import { parseIpv6 } from '../address.ts';
import { concatBytes, fromHex, get16, toHex } from '../bytes.ts';
import { checksum, pseudoSumOf6 } from '../checksum.ts';
import { tcpChecksum } from '../tcp.ts';
import { buildFrame, type FrameLayer, type LayerFields } from './frame.ts';
import { buildSctpChunk, buildTcp, ndMtuOption, tcpOptions } from './index.ts';

test('a whole frame to the byte', () => {
  const frame = buildFrame(
    { ethernet: { destination: '02:00:00:00:00:01', source: '02:00:00:00:01:10' } },
    { ipv4: { source: '192.0.2.10', destination: '203.0.113.9', id: 1, dontFragment: true } },
    { tcp: { sourcePort: 40000, destinationPort: 80, sequence: 1, options: tcpOptions({ mss: 1460 }) } },
  );
  const expected = [
    '020000000001 020000000110 0800 4500002c 00014000 4006 3cb7 c000020a cb007109',
    '9c40 0050 00000001 00000000 6002 ffff fd80 0000 020405b4',
  ];
  expect(toHex(frame)).toBe(expected.join('').replaceAll(' ', ''));
  expect(checksum(frame, 14, 34)).toBe(0);
});

test('each header names the next', () => {
  const b = buildFrame(
    { ethernet: {} },
    { vlan: { id: 5 } },
    { ipv6: {} },
    { hopByHop: {} },
    { routing: {} },
    { destinationOptions: {} },
    { fragment: {} },
    { ah: {} },
    { esp: {} },
  );
  expect([get16(b, 12), get16(b, 16)]).toEqual([0x8100, 0x86dd]);
  expect([18 + 6, 58, 66, 74, 82, 90].map((at) => b[at])).toEqual([0, 43, 60, 44, 51, 50]);
});

test('every transport has its number behind IP', () => {
  const numbers: readonly [FrameLayer, number][] = [
    [{ icmp: {} }, 1],
    [{ igmp: {} }, 2],
    [{ ipv4: {} }, 4],
    [{ tcp: {} }, 6],
    [{ udp: {} }, 17],
    [{ dccp: {} }, 33],
    [{ ipv6: {} }, 41],
    [{ gre: {} }, 47],
    [{ icmpv6: {} }, 58],
    [{ redirect: {} }, 58],
    [{ sctp: {} }, 132],
    [{ mobility: {} }, 135],
    [{ udplite: {} }, 136],
    [{ ethernet: {} }, 143],
  ];
  for (const [layer, number] of numbers) {
    expect(buildFrame({ ipv4: {} }, layer)[9]).toBe(number);
    expect(buildFrame({ ipv6: {} }, layer)[6]).toBe(number);
  }
});

test('bytes without a number', () => {
  expect(buildFrame({ ipv4: {} }, fromHex('00'))[9]).toBe(255);
  expect(buildFrame({ ipv6: {} }, fromHex('00'))[6]).toBe(255);
  expect(buildFrame({ ipv6: {} })[6]).toBe(59);
  expect(get16(buildFrame({ ethernet: {} }, fromHex('00')), 12)).toBe(0x88b5);
  expect(buildFrame()).toEqual(new Uint8Array(0));
  expect(buildFrame(fromHex('0102'))).toEqual(fromHex('0102'));
});

test('a checksum covers where the packet ends up', () => {
  const source = parseIpv6('2001:db8::1')!;
  const last = parseIpv6('2001:db8::aa')!;
  const fits = (routing: LayerFields['routing'], destination: Uint8Array) => {
    const b = buildFrame({ ipv6: { source } }, { routing }, { udp: {} });
    const o = b.length - 8;
    return checksum(b, o, b.length, pseudoSumOf6(source, 0, destination, 0, 17, 8)) === 0;
  };
  const addresses = ['2001:db8::bb', last];
  expect(fits({ addresses }, last)).toBe(true);
  expect(fits({ type: 4, addresses: [last, '2001:db8::bb'] }, last)).toBe(true);
  expect(fits({ addresses, segmentsLeft: 0 }, parseIpv6('2001:db8::2')!)).toBe(true);
});

test('the inner packet of a tunnel has its own addresses', () => {
  const inner = buildFrame({ ipv4: { source: '10.0.0.1', destination: '10.0.0.2' } }, { tcp: {} });
  const outer = buildFrame(
    { ipv6: {} },
    { ipv4: { source: '10.0.0.1', destination: '10.0.0.2' } },
    { tcp: {} },
  );
  expect(outer.subarray(40)).toEqual(inner);
});

test('a given number wins over a computed one', () => {
  const b = buildFrame(
    { ipv4: { totalLength: 9, checksum: 0xbeef, headerLength: 24, version: 5, protocol: 99 } },
    { tcp: { checksum: 0xdead, headerLength: 0 } },
  );
  expect(toHex(b, 0, 4)).toBe('56000009');
  expect([b[9], get16(b, 10), tcpChecksum(b, 20), b[32]]).toEqual([99, 0xbeef, 0xdead, 0]);
  const six = buildFrame(
    { ipv6: { payloadLength: 3, nextHeader: 7 } },
    { hopByHop: { length: 64, nextHeader: 8 } },
  );
  expect([get16(six, 4), six[6], six[40], six[41]]).toEqual([3, 7, 8, 7]);
});

test('without IP around it, a checksum that needs addresses is left alone', () => {
  expect(tcpChecksum(buildTcp({}, new Uint8Array(3)), 0)).toBe(0);
});

const wrong: readonly [() => Uint8Array, string][] = [
  [
    () => buildFrame({ tcp: { destinationPort: 70000 } }),
    'tcp.destinationPort: 70000 is not a whole number from 0 to 65535',
  ],
  [() => buildFrame({ udp: { sourcePort: -1 } }), 'udp.sourcePort: -1 is not a whole number from 0 to 65535'],
  [() => buildFrame({ ipv4: { ttl: 1.5 } }), 'ipv4.ttl: 1.5 is not a whole number from 0 to 255'],
  [() => buildFrame({ ipv4: { ttl: Number.NaN } }), 'ipv4.ttl: NaN is not a whole number from 0 to 255'],
  [
    () => buildFrame({ ipv4: { fragmentOffset: 4 } }),
    'ipv4.fragmentOffset: 4 is not a multiple of 8 from 0 to 65528',
  ],
  [
    () => buildFrame({ ipv4: { headerLength: 64 } }),
    'ipv4.headerLength: 64 is not a multiple of 4 from 0 to 60',
  ],
  [
    () => buildFrame({ ipv4: { source: '192.0.2.256' } }),
    'ipv4.source: "192.0.2.256" is no IPv4 address (0.0.0.0 to 255.255.255.255)',
  ],
  [
    () => buildFrame({ ipv6: { source: 'fe80::1%2' } }),
    'ipv6.source: "fe80::1%2" is no IPv6 address (text such as 2001:db8::1, or 16 bytes)',
  ],
  [
    () => buildFrame({ routing: { addresses: ['::', new Uint8Array(4)] } }),
    'routing.addresses[1]: an array of 4 bytes is no IPv6 address (text such as 2001:db8::1, or 16 bytes)',
  ],
  [
    () => buildFrame({ ethernet: { source: 'eth0' } }),
    'ethernet.source: "eth0" is no MAC address (text such as 02:00:00:00:00:01, or 6 bytes)',
  ],
  [() => buildFrame({ vlan: { id: 4096 } }), 'vlan.id: 4096 is not a whole number from 0 to 4095'],
  [() => buildFrame({ tcp: { options: new Uint8Array(41) } }), 'tcp.options: 41 bytes are more than 0 to 40'],
  [
    () => buildFrame({ ipv4: {} }, new Uint8Array(65516)),
    'ipv4.totalLength: 65536 is not a whole number from 0 to 65535',
  ],
  [
    () => buildFrame({ ah: { icv: new Uint8Array(3) } }),
    'ah.icv.length: 3 is not a multiple of 4 from 0 to 1016',
  ],
  [() => buildFrame({ ah: { length: 1032 } }), 'ah.length: 1032 is not a multiple of 4 from 8 to 1028'],
  [() => buildFrame({ gre: { acknowledgment: 1 } }), 'gre.acknowledgment: only version 1 has one, not 0'],
  [
    () => buildFrame({ dccp: { extended: false, sequence: 0x1000000 } }),
    'dccp.sequence: 16777216 is not a whole number from 0 to 16777215',
  ],
  [
    () => buildFrame({ sctp: { chunks: [{}, { type: 256 }] } }),
    'sctp.chunks[1].type: 256 is not a whole number from 0 to 255',
  ],
  [() => buildSctpChunk({ flags: 999 }), 'chunk.flags: 999 is not a whole number from 0 to 255'],
  [
    () => buildFrame({ igmp: { records: [{ sources: [2 ** 33] }] } }),
    'igmp.records[0].sources[0]: 8589934592 is not a whole number from -2147483648 to 4294967295',
  ],
  [() => tcpOptions({ sack: [] }), 'tcp.sack.length: 0 is not a whole number from 1 to 4'],
  [() => ndMtuOption(-1), 'mtu: -1 is not a whole number from 0 to 4294967295'],
  [
    () => buildFrame({ hopByHop: { options: new Uint8Array(2047) } }),
    'hopByHop.options: a header of 2056 bytes is longer than 8 to 2048',
  ],
  [
    () => buildFrame({ hopByHop: { length: 12 } }),
    'hopByHop.length: 12 is not a multiple of 8 from 8 to 2048',
  ],
  [() => buildFrame(new Uint8Array(1), { tcp: {} }), 'part 1: bytes can only come last'],
];
test.each(wrong)('misuse %#', (build, message) => {
  expect(build).toThrow(new RangeError(message));
});

test('a header of no known kind', () => {
  const given = JSON.parse('[{"ipx":{}},{},{"tcp":{},"udp":{}},{"toString":{}}]') as FrameLayer[];
  const names = ['ipx', 'none', 'tcp, udp', 'toString'];
  given.forEach((layer, i) => {
    expect(() => buildFrame({ ipv4: {} }, layer)).toThrow(
      new RegExp(`^part 2: ${names[i]} is not one of ethernet, vlan, arp, `),
    );
  });
});

test('the payload is copied, not kept', () => {
  const payload = fromHex('0102');
  const b = buildFrame({ udp: {} }, payload);
  payload[0] = 9;
  expect(b.subarray(8)).toEqual(concatBytes(Uint8Array.of(1, 2)));
});
