import { describe, expect, it } from 'vitest';
import { buildHost } from '../formats/build-host.ts';
import type { CaptureRecord } from '../formats/capture-record.ts';
import { readHostDescription } from '../formats/host-description.ts';
import { LINK_TYPE } from '../formats/link-types.ts';
import { parsePacket } from '../formats/packet-language/index.ts';
import { parseMac } from '../wire/address.ts';
import { concatBytes, fromHex } from '../wire/bytes.ts';
import { type ArrivalOptions, Arrivals } from './arrival.ts';

const host = buildHost(
  readHostDescription({
    interfaces: [
      { name: 'lan0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24', '2001:db8:1::1/64'] },
      { name: 'wan0', mac: '02:00:00:00:00:02', addresses: ['203.0.113.1/24', '2001:db8:2::1/64'] },
    ],
    neighbors: [{ dev: 'wan0', ip: '203.0.113.254', mac: '02:00:00:00:02:fe' }],
    routes: ['default via 203.0.113.254 dev wan0'],
    sysctls: { 'net.ipv4.ip_forward': '1' },
  }),
);

const OPTIONS: ArrivalOptions = { by: 'auto', names: new Map(), readdress: false, processes: true };

interface Given {
  readonly to?: string;
  readonly from?: string;
  readonly name?: string;
  readonly linkType?: number;
  readonly direction?: 'in' | 'out';
  /** The link header where it is none of Ethernet. */
  readonly link?: string;
}

function record(text: string, given: Given = {}): CaptureRecord {
  const { linkType = LINK_TYPE.ETHERNET, direction, link } = given;
  const macs = {
    destination: parseMac(given.to ?? '02:aa:aa:aa:aa:aa')!,
    source: parseMac(given.from ?? '02:bb:bb:bb:bb:bb')!,
  };
  const packet = parsePacket(text);
  const isEthernet = linkType === LINK_TYPE.ETHERNET;
  const bytes = isEthernet ? packet.frame(macs) : concatBytes(fromHex(link ?? ''), packet.packet!);
  return {
    number: 1,
    offset: 0,
    seconds: 0,
    nanoseconds: 0,
    bytes,
    length: bytes.length,
    interface: { index: 0, name: given.name, linkType, snapLength: 0 },
    ...(direction ? { direction } : {}),
  };
}

/** `wan0`, `own`, `a process`, `nowhere`, `unreadable`. */
function place(one: CaptureRecord, options: Partial<ArrivalOptions> = {}, device?: string): string {
  const arrival = new Arrivals(host, { ...OPTIONS, ...options }).of(one, device);
  if (arrival.kind === 'arrives') return arrival.device;
  return arrival.kind === 'own' && arrival.packet ? 'a process' : arrival.kind;
}

const FROM_LAN = 'udp 192.0.2.10:1 > 198.51.100.7:2';
const FROM_WORLD = 'udp 198.51.100.7:2 > 192.0.2.10:1';
const FROM_HOST = 'udp 203.0.113.1:5 > 198.51.100.7:2';

describe('a frame comes in by', () => {
  it('the device that has the name of its interface', () => {
    expect(place(record(FROM_LAN, { name: 'wan0' }))).toBe('wan0');
    expect(place(record(FROM_LAN, { name: 'eth1' }), { names: new Map([['eth1', 'wan0']]) })).toBe('wan0');
    expect(place(record(FROM_LAN, { name: 'eth1' }), { by: 'interface' })).toBe('nowhere');
  });

  it('the device that has its hardware address', () => {
    expect(place(record(FROM_LAN, { to: '02:00:00:00:00:02' }))).toBe('wan0');
    expect(place(record(FROM_LAN, { name: 'wan0', to: '02:00:00:00:00:01' }), { by: 'mac' })).toBe('lan0');
    expect(place(record(FROM_LAN), { by: 'mac' })).toBe('nowhere');
  });

  it('the device that knows the neighbour, if it is for many', () => {
    const toAll = { to: 'ff:ff:ff:ff:ff:ff', from: '02:00:00:00:02:fe' };
    expect(place(record('udp 0.0.0.0:68 > 255.255.255.255:67', toAll))).toBe('wan0');
    expect(place(record('udp 0.0.0.0:68 > 255.255.255.255:67', { to: 'ff:ff:ff:ff:ff:ff' }))).toBe('nowhere');
  });

  it('the side that its source address is on', () => {
    expect(place(record(FROM_LAN))).toBe('lan0');
    expect(place(record(FROM_WORLD))).toBe('wan0');
    expect(
      place(
        record(
          'udp 2001:db8:1::9:1 > 2001:db8:2::9:2'.replace(/(\S+):(\d) > (\S+):(\d)/, '[$1]:$2 > [$3]:$4'),
        ),
      ),
    ).toBe('lan0');
    expect(place(record(FROM_WORLD, { linkType: LINK_TYPE.RAW }))).toBe('wan0');
    expect(place(record('arp who-has 192.0.2.1 tell 192.0.2.9'))).toBe('lan0');
    expect(place(record('udp 240.0.0.1:1 > 192.0.2.10:1'), { by: 'address' })).not.toBe('lan0');
  });

  it('the device that the command line names', () => {
    expect(place(record(FROM_LAN), {}, 'wan0')).toBe('wan0');
  });

  it('the only device, if nothing is known', () => {
    const alone = buildHost(readHostDescription({ interfaces: [{ name: 'eth0' }] }));
    const arrival = new Arrivals(alone, OPTIONS).of(record(FROM_LAN), undefined);
    expect(arrival).toMatchObject({ kind: 'arrives', device: 'eth0' });
  });
});

describe('the hardware address of a frame', () => {
  const destination = (
    one: CaptureRecord,
    options: Partial<ArrivalOptions> = {},
    device?: string,
  ): string => {
    const arrival = new Arrivals(host, { ...OPTIONS, ...options }).of(one, device);
    return arrival.kind === 'arrives'
      ? Buffer.from(arrival.frame.subarray(0, 6)).toString('hex')
      : arrival.kind;
  };

  it('is as it was captured where the device was named', () => {
    expect(destination(record(FROM_LAN, { name: 'lan0' }))).toBe('02aaaaaaaaaa');
    expect(destination(record(FROM_LAN), {}, 'lan0')).toBe('02aaaaaaaaaa');
  });

  it('is that of the device where it was found by the source address, or was asked for', () => {
    expect(destination(record(FROM_LAN))).toBe('020000000001');
    expect(destination(record(FROM_LAN, { name: 'wan0' }), { readdress: true })).toBe('020000000002');
    expect(destination(record(FROM_LAN, { to: '01:00:5e:00:00:01' }), { readdress: true })).toBe(
      '01005e000001',
    );
  });

  it('is made where the link layer has none', () => {
    expect(destination(record(FROM_WORLD, { linkType: LINK_TYPE.RAW }))).toBe('020000000002');
  });
});

describe('the host itself sent', () => {
  const own = { from: '02:00:00:00:00:02' };

  it('what has its hardware address as source, or goes out', () => {
    expect(place(record(FROM_LAN, own))).toBe('own');
    expect(place(record(FROM_LAN, { direction: 'out' }))).toBe('own');
    const cooked = { linkType: LINK_TYPE.LINUX_SLL, link: '00040001000602bbbbbbbbbb00000800' };
    expect(place(record(FROM_LAN, cooked))).toBe('own');
    expect(place(record(FROM_LAN, { ...cooked, link: '00000001000602bbbbbbbbbb00000800' }))).toBe('lan0');
    const cooked2 = { linkType: LINK_TYPE.LINUX_SLL2, link: '0800000000000002000104060200000000010000' };
    expect(place(record(FROM_LAN, cooked2))).toBe('own');
  });

  it('by a process, what has its address', () => {
    expect(place(record(FROM_HOST, own))).toBe('a process');
    expect(place(record(FROM_HOST, own), { processes: false })).toBe('own');
    expect(place(record(FROM_HOST, { linkType: LINK_TYPE.RAW }))).toBe('a process');
  });

  it('by no process what the kernel makes by itself', () => {
    expect(place(record('icmp 203.0.113.1 > 198.51.100.7 port-unreachable', own))).toBe('own');
    expect(place(record('icmp 203.0.113.1 > 198.51.100.7 echo-reply', own))).toBe('a process');
    expect(place(record('arp reply 203.0.113.1 is-at 02:00:00:00:00:02 to 203.0.113.254', own))).toBe('own');
  });

  it('by no process what came in before, though NAT has changed its ends', () => {
    const arrivals = new Arrivals(host, OPTIONS);
    arrivals.of(record('tcp 192.0.2.10:4000 > 198.51.100.7:80 syn seq 77 id 9'), undefined);
    const translated = record('tcp 203.0.113.1:1024 > 198.51.100.7:80 syn seq 77 id 9 ttl 63', own);
    expect(arrivals.of(translated, undefined)).toEqual({ kind: 'own', packet: undefined });
    const other = record('tcp 203.0.113.1:1024 > 198.51.100.7:80 syn seq 78 id 9 ttl 63', own);
    expect(arrivals.of(other, undefined)).toMatchObject({ packet: expect.any(Uint8Array) });
  });
});

it('what no host takes is told apart', () => {
  expect(place({ ...record(FROM_LAN), bytes: new Uint8Array(3) })).toBe('unreadable');
  expect(place({ ...record(FROM_LAN), bytes: new Uint8Array(0) }, {}, 'lan0')).toBe('unreadable');
});
