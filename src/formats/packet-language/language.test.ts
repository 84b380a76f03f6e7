import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PacketLanguageError,
  parsePacket,
  printFrame,
  printPacket,
  summarizeFrame,
  summarizePacket,
} from './index.ts';

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

describe('a packet is built as it is written', () => {
  it.each([
    // A packet of nmap's; the others were summed by another program.
    [
      'tcp 198.51.100.66:38264 > 203.0.113.80:23 syn seq 3688870146 window 1024 ttl 51 id 16749 mss 1460',
      '4500002c416d0000 3306 df98 c6336442 cb007150 9578 0017 dbdfb102 00000000 6002 0400 0aee 0000 020405b4',
    ],
    [
      'icmp 192.0.2.1 > 192.0.2.2 echo-request id 1 seq 2',
      '4500001c 0000 0000 4001 f6dd c0000201 c0000202 0800 f7fc 0001 0002',
    ],
    [
      'udp 192.0.2.1:5353 > 192.0.2.2:53 "hi"',
      '4500001e 0000 0000 4011 f6cb c0000201 c0000202 14e9 0035 000a fe4e 6869',
    ],
    [
      'udp 192.0.2.1:1 > 192.0.2.2:2 checksum 0',
      '4500001c 0000 0000 4011 f6cd c0000201 c0000202 0001 0002 0008 0000',
    ],
  ])('%s', (text, wanted) => {
    expect(hex(parsePacket(text).packet)).toBe(hex(bytes(wanted)));
  });

  const packet = (text: string): Uint8Array => parsePacket(text).packet!;

  it('with every field of IPv4', () => {
    const made = packet(
      'ip 192.0.2.1 > 192.0.2.2 proto 99 ttl 3 tos 0x10 id 7 df mf evil offset 8 version 5 router-alert "x"',
    );
    expect(hex(made)).toBe(hex(bytes('5610 0019 0007 e001 0363 ae61 c0000201 c0000202 94040000 78')));
  });

  it('with overridden checksums and lengths', () => {
    const made = packet(
      'udp 192.0.2.1:1 > 192.0.2.2:2 checksum 0xdead length 99 ip.checksum 0xbeef ip.length 77',
    );
    expect(hex(made)).toBe(hex(bytes('4500004d 0000 0000 4011 beef c0000201 c0000202 0001 0002 0063 dead')));
  });

  it('with flags in a list or one by one, and numbers behind ack and urg', () => {
    const one = packet('tcp 192.0.2.1:1 > 192.0.2.2:2 syn,ack seq 5 urg 9 ack 6');
    expect(one).toEqual(packet('tcp 192.0.2.1:1 > 192.0.2.2:2 syn ack 6 urg 9 seq 5'));
    expect(one[33]).toBe(0x32);
    expect(hex(one.subarray(28, 32))).toBe('00000006');
    expect(packet('tcp 192.0.2.1:1 > 192.0.2.2:2 flags none')[33]).toBe(0);
    expect(packet('tcp 192.0.2.1:1 > 192.0.2.2:2 flags 0xff')[33]).toBe(255);
  });

  it('as a first packet, or as one with data, if it says no flags', () => {
    expect(packet('tcp 192.0.2.1:1 > 192.0.2.2:2')[33]).toBe(0x02);
    expect(packet('tcp 192.0.2.1:1 > 192.0.2.2:2 "GET /"')[33]).toBe(0x18);
  });

  it('with TCP options in the order given', () => {
    const made = packet(
      'tcp 192.0.2.1:1 > 192.0.2.2:2 syn mss 1460 sackok timestamp 1/2 nop wscale 7 sack 1-2,3-4',
    );
    expect(hex(made.subarray(40))).toBe(
      '020405b40402080a0000000100000002010303070512000000010000000200000003000000040000',
    );
  });

  it('with extension headers in the order given', () => {
    const made = packet(
      'udp [2001:db8::1]:1 > [2001:db8::2]:2 hbh { router-alert 0 } dst frag { id 7 mf } len 8',
    );
    expect(made[6]).toBe(0);
    expect(hex(made.subarray(40, 64))).toBe(
      '3c000502000001002c00010400000000110000010000000700'.slice(0, 48),
    );
  });

  it('with a fragment header for the words that IPv4 has in its own', () => {
    const made = packet('udp [2001:db8::1]:1 > [2001:db8::2]:2 id 7 offset 8');
    expect(hex(made.subarray(40, 48))).toBe('1100000800000007');
  });

  it('with another packet in it', () => {
    const made = packet('icmp 192.0.2.9 > 192.0.2.1 port-unreachable { udp 192.0.2.1:1 > 192.0.2.2:2 }');
    expect(hex(made.subarray(28))).toBe(hex(packet('udp 192.0.2.1:1 > 192.0.2.2:2')));
    expect(packet('ip 192.0.2.1 > 192.0.2.2 { tcp [2001:db8::1]:1 > [2001:db8::2]:2 }')[9]).toBe(41);
    expect(
      hex(packet('gre 192.0.2.1 > 192.0.2.2 key 5 { udp 1.2.3.4:1 > 1.2.3.5:2 }').subarray(20, 28)),
    ).toBe('2000080000000005');
  });

  it('cut where it is to be cut', () => {
    const made = packet('tcp 192.0.2.1:1 > 192.0.2.2:2 syn cut 28');
    expect(made.length).toBe(28);
    expect(made[3]).toBe(40);
  });

  it('in a frame with what the text leaves open', () => {
    const macs = { source: bytes('020000000001'), destination: bytes('020000000002') };
    const front = (text: string, length = 14): string =>
      hex(parsePacket(text).frame(macs).subarray(0, length));
    expect(front('udp 1.2.3.4:1 > 1.2.3.5:2')).toBe('0200000000020200000000010800');
    expect(front('udp 1.2.3.4:1 > 224.0.0.251:5353')).toBe('01005e0000fb0200000000010800');
    expect(front('udp 1.2.3.4:1 > 255.255.255.255:67')).toBe('ffffffffffff0200000000010800');
    expect(front('icmp6 2001:db8::1 > ff02::1')).toBe('33330000000102000000000186dd');
    expect(front('udp 1.2.3.4:1 > 1.2.3.5:2 vlan 5 vlan-priority 1 src-mac 02:00:00:00:00:07', 18)).toBe(
      '020000000002020000000007810020050800',
    );
    expect(front('arp who-has 1.2.3.4 tell 1.2.3.5', 42)).toBe(
      `ffffffffffff0200000000010806${'0001080006040001'}020000000001${'01020305'}000000000000${'01020304'}`,
    );
  });

  it('from hex digits of a frame or of a packet', () => {
    const whole = packet('udp 192.0.2.1:1 > 192.0.2.2:2');
    expect(parsePacket(hex(whole)).packet).toEqual(whole);
    expect(parsePacket(`  hex:${hex(whole)} `).packet).toEqual(whole);
    expect(parsePacket(hex(whole).replaceAll(/(..)/g, '$1 ')).packet).toEqual(whole);
    const frame = parsePacket('udp 192.0.2.1:1 > 192.0.2.2:2').frame();
    expect(parsePacket(hex(frame))).toMatchObject({ kind: 'frame', packet: undefined });
    expect(parsePacket(hex(frame)).frame()).toEqual(frame);
    expect(parsePacket(`packet ${hex(frame)}`).packet).toEqual(frame);
    expect(parsePacket(`frame ${hex(whole)}`).frame()).toEqual(whole);
    expect(parsePacket(hex(whole)).frame()).toEqual(frame);
  });
});

describe('an error names the word, its column, and what would be right', () => {
  it.each([
    ['tcp 1.2.3.4:70000 > 1.2.3.5:80', 13, 'port 70000: must be 0 to 65535'],
    ['tcp 1.2.3.4:1 > 1.2.3.256:80', 17, 'address 1.2.3.256: must be an IPv4 address, as in 192.0.2.1'],
    [
      'tcp 1.2.3.4:1 > [2001:db8::x]:80',
      18,
      'address 2001:db8::x: must be an IPv6 address, as in 2001:db8::1',
    ],
    [
      'tcp 1.2.3.4:1 1.2.3.5:80',
      15,
      "'1.2.3.5:80' where '>' should stand, as in 192.0.2.1:40000 > 203.0.113.1:80",
    ],
    ['tcp 1.2.3.4:1 >', 16, 'something is missing: a destination, as in 192.0.2.1:40000 > 203.0.113.1:80'],
    ['tcp 1.2.3.4:1 > 1.2.3.5', 17, '1.2.3.5: tcp goes to a port, as in 1.2.3.5:80'],
    ['tcp 1.2.3.4:1 > 2001:db8::1', 17, '2001:db8::1: the source is an IPv4 address'],
    ['icmp 1.2.3.4:1 > 1.2.3.5', 6, '1.2.3.4:1: icmp has no ports'],
    ['igmp 2001:db8::1 > ff02::1', 6, '2001:db8::1: igmp has IPv4 addresses'],
    ['tpc 1.2.3.4:1 > 1.2.3.5:80', 1, "'tpc' is no protocol; did you mean 'tcp'?"],
    ['tcp 1.2.3.4:1 > 1.2.3.5:80 sny', 28, "'sny' means nothing for tcp; did you mean 'syn'?"],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 ttl 256', 32, 'ttl 256: must be 0 to 255'],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 ttl', 31, "something is missing: a value for 'ttl'"],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 offset 9', 35, 'offset 9: must be a multiple of 8'],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 5', 28, "'5' is a value, but no word before it takes one"],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 "abc', 28, 'this quote is not closed'],
    [
      'udp 1.2.3.4:1 > 1.2.3.5:80 "a\\q"',
      30,
      '\\q is no escape; there are \\n \\r \\t \\0 \\" \\\\ and \\xHH',
    ],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 hex:123', 32, 'hex 123: must be hex digits, two for each byte'],
    [
      'udp 1.2.3.4:1 > 1.2.3.5:80 payload abc',
      36,
      'payload abc: must be "text", hex:…, len N, or a packet in braces',
    ],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 }', 28, "'}' closes nothing"],
    [
      'udp 1.2.3.4:1 > 1.2.3.5:80 { udp 1.2.3.4:1 > 1.2.3.5:80',
      56,
      "something is missing: '}' to close the brace at column 28",
    ],
    ['ip 1.2.3.4 > 1.2.3.5', 1, "ip: which protocol? As in 'proto 47', or a packet in braces"],
    ['udp ::1 > ::2', 11, '::2: udp goes to a port, as in [::2]:80'],
    [
      'udp [::1]:1 > [::2]:2 hbh { ruoter-alert 0 }',
      29,
      "'ruoter-alert' means nothing in 'hbh { }'; did you mean 'router-alert'?",
    ],
    [
      'udp 1.2.3.4:1 > 1.2.3.5:80 src-mac 02:00',
      36,
      'src-mac 02:00: must be a hardware address, as in 02:00:00:00:00:01',
    ],
    ['udp 1.2.3.4:1 > 1.2.3.5:80 len 70000', 32, 'len 70000: must be 0 to 65535'],
    [
      '45000014000000000000000000000000000000000',
      1,
      '41 hex digits: two make a byte, so their number must be even',
    ],
    [
      '',
      1,
      'something is missing: a protocol: tcp, udp, icmp, icmp6, igmp, sctp, dccp, udplite, gre, esp, ah, ip, arp, eth',
    ],
  ])('%s', (text, column, problem) => {
    let error: unknown;
    try {
      parsePacket(text);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(PacketLanguageError);
    expect(error).toMatchObject({ column, problem, message: `column ${column}: ${problem}` });
  });

  it('whatever the text is', () => {
    const words = fc.constantFrom(
      ...'tcp udp icmp6 ip arp eth 1.2.3.4:1 > 1.2.3.5:2 [::1]:5 2001:db8::1 { } "x" "\\ hex:00 hbh frag rt ah syn ack'.split(
        ' ',
      ),
      ...'options option mss sack 1-2 ts 1/2 type 135 target len 5 payload vlan proto 4 key cut padding ip.id id 7'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 20 }).map((list) => list.join(' ')),
        ),
        (text) => {
          try {
            parsePacket(text).frame();
          } catch (error) {
            expect(error).toBeInstanceOf(PacketLanguageError);
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});

const EXAMPLES = [
  'tcp 198.51.100.7:40000 > 203.0.113.1:80 syn',
  'tcp 198.51.100.7:40000 > 203.0.113.1:80 psh,ack seq 7 ack 9 ttl 3 id 7 df nop nop timestamp 1/2 "GET / HTTP/1.0\\r\\n"',
  'tcp 198.51.100.7:40000 > 203.0.113.1:80 flags none acknowledgment 7 urgent 9',
  'tcp [2001:db8::1]:1 > [2001:db8::2]:2 syn hlim 3 tclass 0x10 flowlabel 0x12345',
  'udp 10.0.0.1:5353 > 224.0.0.251:5353 ttl 255 "payload text"',
  'udp 10.0.0.1:1 > 10.0.0.2:2 ttl 1 checksum 0xdead',
  'udp 10.0.0.1:1 > 10.0.0.2:2 router-alert 0 len 100',
  'icmp 1.2.3.4 > 5.6.7.8 echo-request id 1 seq 2 ip.id 7',
  'icmp 1.2.3.4 > 5.6.7.8 fragmentation-needed mtu 1400 { udp 5.6.7.8:1 > 1.2.3.4:2 df len 2000 }',
  'icmp 1.2.3.4 > 5.6.7.8 host-redirect gateway 1.2.3.9 { tcp 5.6.7.8:1 > 1.2.3.4:2 syn }',
  'icmp6 2001:db8::1 > 2001:db8::2 packet-too-big mtu 1280 { udp [2001:db8::2]:1 > [2001:db8::1]:2 len 1300 }',
  'icmp6 fe80::1 > ff02::1:ff00:2 neighbour-solicitation target 2001:db8::2 hlim 255 slla 02:00:00:00:00:01',
  'icmp6 2001:db8::2 > fe80::1 neighbour-advertisement solicited override target 2001:db8::2 hlim 255 tlla 02:00:00:00:00:02',
  'icmp6 fe80::1 > ff02::1 router-advertisement hop-limit 64 managed lifetime 1800 hlim 255 nd-mtu 1500',
  'icmp6 fe80::1 > ff02::16 multicast-listener-report-v2 rest 0x1 hlim 1 hbh { router-alert 0 } hex:04000000ff0200000000000000000001ff000001',
  'udp [2001:db8::1]:1 > [2001:db8::2]:2 hbh dst { option 7 hex:0102 } frag { id 9 } len 8',
  'ip 2001:db8::1 > 2001:db8::2 proto udp frag { offset 1480 mf id 9 } hex:0102',
  'tcp [2001:db8::1]:1 > [2001:db8::2]:2 syn rt { left 1 address 2001:db8::5 }',
  'tcp 1.2.3.4:1 > 5.6.7.8:2 syn ah { spi 0x7 seq 3 }',
  'ah 1.2.3.4 > 5.6.7.8 next 59 spi 0x7 seq 3',
  'esp 1.2.3.4 > 5.6.7.8 spi 0x100 seq 3 hex:00112233',
  'gre 1.2.3.4 > 5.6.7.8 key 5 { tcp 10.0.0.1:1 > 10.0.0.2:2 syn }',
  'ip 1.2.3.4 > 5.6.7.8 proto ipip { udp 10.0.0.1:1 > 10.0.0.2:2 }',
  'ip 1.2.3.4 > 5.6.7.8 proto ospf hex:0201',
  'sctp 1.2.3.4:1 > 5.6.7.8:2 init vtag 0x0',
  'sctp 1.2.3.4:1 > 5.6.7.8:2 data flags 3 hex:0000000100010002000000006162 vtag 0x12345678',
  'dccp 1.2.3.4:1 > 5.6.7.8:2 request seq 281474976710655 service 42',
  'dccp 1.2.3.4:1 > 5.6.7.8:2 reset seq 7 ack 9 reset-code 1',
  'igmp 1.2.3.4 > 224.0.0.1 query max-response 100 group 224.1.2.3 ttl 1',
  'udplite 1.2.3.4:1 > 5.6.7.8:2 coverage 8 "abc"',
  'arp who-has 1.2.3.4 tell 1.2.3.5',
  'arp reply 1.2.3.4 is-at 02:00:00:00:00:09 to 1.2.3.5 src-mac 02:00:00:00:00:07',
  'udp 1.2.3.4:1 > 5.6.7.8:2 vlan 5 vlan-priority 3 src-mac 02:00:00:00:00:07 padding 18',
  'eth ethertype 0x88cc src-mac 02:00:00:00:00:07 hex:0207',
];

describe('what is printed reads back as the same bytes', () => {
  it.each(EXAMPLES)('%s', (text) => {
    const made = parsePacket(text);
    const line = printFrame(made.frame());
    expect(parsePacket(line).frame()).toEqual(made.frame());
    expect(line).not.toMatch(/^frame/);
    if (!made.packet) return;
    expect(parsePacket(printPacket(made.packet)).packet).toEqual(made.packet);
    // Every word of the example is needed and is found again.
    const words = (line: string): string[] => line.split(' ').sort();
    const own = printPacket(made.packet);
    if (!/mac|vlan|padding|next 59|vtag 0x0/.test(text)) expect(words(own)).toEqual(words(text));
  });

  const frames = EXAMPLES.map((text) => parsePacket(text).frame());
  const mutation = fc.tuple(fc.nat(120), fc.nat(255));
  const mutated = fc
    .tuple(fc.constantFrom(...frames), fc.array(mutation, { maxLength: 5 }), fc.option(fc.nat(120)))
    .map(([frame, changes, cut]) => {
      const copy = frame.slice(0, cut ?? frame.length);
      for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
      return copy;
    });
  const runs = process.env.FIVEHOOKS_LONG ? 200_000 : 3000;

  it('for frames that are broken in any way', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ minLength: 14, maxLength: 100 })), (frame) => {
        if (frame.length < 14) return;
        expect(hex(parsePacket(printFrame(frame)).frame())).toBe(hex(frame));
        expect(summarizeFrame(frame).length).toBeGreaterThan(0);
      }),
      { numRuns: runs },
    );
  });

  it('for packets that are broken in any way', () => {
    fc.assert(
      fc.property(mutated, (frame) => {
        const packet = frame.subarray(14);
        expect(hex(parsePacket(printPacket(packet)).packet)).toBe(hex(packet));
        expect(summarizePacket(packet).length).toBeGreaterThan(0);
      }),
      { numRuns: runs },
    );
  });
});

describe('a short line says what matters most', () => {
  it.each([
    [
      'tcp 1.2.3.4:1 > 5.6.7.8:2 psh,ack seq 5 ack 6 ttl 3 "hello"',
      'tcp 1.2.3.4:1 > 5.6.7.8:2 psh,ack len 5',
    ],
    [
      'icmp 1.2.3.4 > 5.6.7.8 echo-request id 1 seq 2 ttl 9',
      'icmp 1.2.3.4 > 5.6.7.8 echo-request id 1 seq 2',
    ],
    [
      'icmp 1.2.3.4 > 5.6.7.8 port-unreachable ttl 9 { udp 5.6.7.8:1 > 1.2.3.4:2 ttl 1 "abc" }',
      'icmp 1.2.3.4 > 5.6.7.8 port-unreachable { udp 5.6.7.8:1 > 1.2.3.4:2 len 3 }',
    ],
    ['ip 1.2.3.4 > 5.6.7.8 proto udp offset 8 mf len 8', 'ip 1.2.3.4 > 5.6.7.8 proto udp mf offset 8 len 8'],
    ['udp [2001:db8::1]:1 > [2001:db8::2]:2 frag { id 7 mf }', 'udp [2001:db8::1]:1 > [2001:db8::2]:2 mf'],
    [
      'sctp 1.2.3.4:1 > 5.6.7.8:2 vtag 9 data hex:00112233445566778899aabbcc',
      'sctp 1.2.3.4:1 > 5.6.7.8:2 data',
    ],
  ])('%s', (text, line) => {
    expect(summarizePacket(parsePacket(text).packet!)).toBe(line);
  });

  it('of frames that are no IP packets too', () => {
    expect(summarizeFrame(parsePacket('arp who-has 1.2.3.4 tell 1.2.3.5').frame())).toBe(
      'arp who-has 1.2.3.4 tell 1.2.3.5',
    );
    expect(summarizeFrame(parsePacket('udp 1.2.3.4:1 > 5.6.7.8:2 vlan 5').frame())).toBe(
      'udp 1.2.3.4:1 > 5.6.7.8:2 vlan 5',
    );
    expect(summarizeFrame(parsePacket('eth ethertype 0x88cc hex:0207').frame())).toBe(
      'eth 00:00:00:00:00:00 > 00:00:00:00:00:00 ethertype 0x88cc len 2',
    );
    expect(summarizeFrame(new Uint8Array(3))).toBe('3 bytes that are no frame');
    expect(summarizePacket(new Uint8Array(3))).toBe('3 bytes that are no IP packet');
  });
});
