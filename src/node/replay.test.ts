import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { CaptureReader } from '../formats/capture.ts';
import type { CaptureRecord } from '../formats/capture-record.ts';
import { LINK_TYPE } from '../formats/link-types.ts';
import { parsePacket } from '../formats/packet-language/index.ts';
import { pcapHeader, pcapRecord } from '../formats/pcap.ts';
import { pcapngHeader, pcapngRecord } from '../formats/pcapng-write.ts';
import { parseMac } from '../wire/address.ts';
import { concatBytes } from '../wire/bytes.ts';
import { main } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'fivehooks-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());
// Each run listens once for a reader that goes away.
process.stdout.setMaxListeners(50);

const HOST = join(folder, 'host.json');
writeFileSync(
  HOST,
  JSON.stringify({
    interfaces: [
      { name: 'lan0', mac: '02:00:00:00:00:01', addresses: ['192.0.2.1/24'] },
      { name: 'wan0', mac: '02:00:00:00:00:02', addresses: ['203.0.113.1/24'] },
    ],
    routes: ['default via 203.0.113.9 dev wan0'],
    sysctls: { 'net.ipv4.ip_forward': '1' },
    iptables: [
      '*nat',
      '-A POSTROUTING -o wan0 -j MASQUERADE',
      'COMMIT',
      '*filter',
      ':FORWARD DROP [0:0]',
      '-A INPUT -m conntrack --ctstate INVALID -j DROP',
      '-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT',
      '-A FORWARD -i lan0 -p tcp -m tcp --dport 80 -j ACCEPT',
      '-A FORWARD -p tcp -m tcp --dport 23 -j DROP',
      'COMMIT',
      '',
    ].join('\n'),
  }),
);

interface Line {
  readonly summary?: {
    readonly packets: number;
    readonly made: number;
    readonly seconds: number;
    readonly frames: Record<string, number>;
    readonly ends: Record<string, number>;
    readonly reasons: readonly { reason: string; packets: number }[];
    readonly interfaces: Record<string, Record<string, number>>;
    readonly rules: readonly { rule?: string; packets: number }[];
    readonly connections: {
      count: number;
      most: readonly { name: string; packets: number }[];
      dropped: readonly { name: string }[];
    };
    readonly captures: readonly {
      file: string;
      records: number;
      problems: readonly { offset: number; message: string }[];
    }[];
  };
  readonly number?: number;
  readonly journeys?: readonly { readonly summary: string; readonly end: { readonly text: string } }[];
}

interface Done {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(...argv: string[]): Promise<Done> {
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
  const before = process.exitCode;
  process.exitCode = 0;
  const status = await main(['replay', ...argv]);
  process.exitCode = before;
  vi.restoreAllMocks();
  return { status, ...written };
}

async function data(
  ...argv: string[]
): Promise<Required<Line>['summary'] & { journeys: Line[]; stderr: string }> {
  const { stdout, stderr } = await run('--host', HOST, '--json', ...argv);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const { summary } = lines.pop()!;
  return { ...summary!, journeys: lines, stderr };
}

const LAN = parseMac('02:00:00:00:00:01')!;
const WAN = parseMac('02:00:00:00:00:02')!;
const CLIENT = parseMac('02:00:00:00:01:10')!;
const ROUTER = parseMac('02:00:00:00:02:09')!;

interface Frame {
  readonly text: string;
  readonly at?: number;
  readonly to?: Uint8Array;
  readonly from?: Uint8Array;
}

const frameOf = ({ text, to = LAN, from = CLIENT }: Frame): Uint8Array =>
  parsePacket(text).frame({ destination: to, source: from });

function pcap(name: string, frames: readonly Frame[]): string {
  const records = frames.map((frame) => {
    const at = frame.at ?? 0;
    const seconds = 1_700_000_000 + Math.floor(at);
    return pcapRecord({ seconds, nanoseconds: Math.round((at % 1) * 1e6) * 1e3, bytes: frameOf(frame) });
  });
  return write(name, concatBytes(pcapHeader({ linkType: LINK_TYPE.ETHERNET }), ...records));
}

function write(name: string, bytes: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

function readCapture(file: string): CaptureRecord[] {
  const records: CaptureRecord[] = [];
  const reader = new CaptureReader((record) => records.push(record));
  reader.read(readFileSync(file));
  reader.finish();
  return records;
}

const SYN = 'tcp 192.0.2.10:4000 > 198.51.100.7:80 syn seq 1 id 1';
const SYN_ACK = 'tcp 198.51.100.7:80 > 203.0.113.1:4000 syn,ack seq 9 ack 2 id 2';
const TELNET = 'tcp 192.0.2.10:4001 > 198.51.100.7:23 syn id 3';
const BOTH: readonly Frame[] = [
  { text: SYN },
  { text: SYN_ACK, at: 0.1, to: WAN, from: ROUTER },
  { text: TELNET, at: 0.2 },
  { text: TELNET, at: 1.2 },
];
const CAPTURE = pcap('both.pcap', BOTH);

describe('fivehooks replay', () => {
  it('counts by verdict, rule, interface and connection', async () => {
    const done = await data(CAPTURE, '--journeys', 'none');
    expect(done).toMatchObject({
      packets: 4,
      seconds: 1.2,
      frames: { read: 4, carried: 4, nowhere: 0 },
      ends: { sent: 2, dropped: 2 },
      interfaces: {
        lan0: { inPackets: 3, outPackets: 1, dropped: 2 },
        wan0: { inPackets: 1, outPackets: 1 },
      },
    });
    expect(done.reasons[0]).toMatchObject({
      reason: 'dropped by rule 3 of filter FORWARD: -A FORWARD -p tcp -m tcp --dport 23 -j DROP',
      packets: 2,
    });
    expect(done.rules.find(({ rule }) => rule?.includes('MASQUERADE'))?.packets).toBe(1);
    expect(done.connections).toMatchObject({
      count: 2,
      most: [
        { name: 'tcp 192.0.2.10:4000 > 198.51.100.7:80', packets: 2 },
        { name: 'tcp 192.0.2.10:4001 > 198.51.100.7:23', packets: 2 },
      ],
      dropped: [{ name: 'tcp 192.0.2.10:4001 > 198.51.100.7:23' }],
    });
  });

  it('tells the journey of the first packet of each kind', async () => {
    const { journeys } = await data(CAPTURE);
    expect(journeys.map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(journeys[2]?.journeys?.[0]).toMatchObject({
      end: { text: 'dropped by rule 3 of filter FORWARD: -A FORWARD -p tcp -m tcp --dport 23 -j DROP' },
    });
  });

  it('tells the journeys that a filter wants, as many as wanted', async () => {
    const { journeys } = await data(CAPTURE, '--journeys', 'dropped port 23');
    expect(journeys.map(({ number }) => number)).toEqual([3, 4]);
    const text = await run('--host', HOST, CAPTURE, '--journeys', 'all', '--most', '1');
    expect(text.stdout).toContain('record 1, 0.000000 s');
    expect(text.stdout).not.toContain('record 2,');
    expect(text.stdout).toContain('journeys of 3 more packets are not told (--most 1)');
  });

  it('prints for people', async () => {
    const { stdout, status } = await run('--host', HOST, CAPTURE, '--summary');
    expect(status).toBe(0);
    expect(stdout).toContain(
      '4 frames in 1.200 s\n4 packets: 2 sent on, 2 dropped\n     2  dropped by rule 3',
    );
    expect(stdout).toMatch(/\n {2}lan0 {2}in 3 +\d+ B {2}out 1 +\d+ B {2}2 dropped\n/);
    expect(stdout).toContain('2 connections\n     2  tcp 192.0.2.10:4000 > 198.51.100.7:80');
    expect(stdout).toContain('1 of them lost packets');
  });

  it('writes what left and what was dropped, with the rule as comment', async () => {
    const [out, dropped] = [join(folder, 'out.pcapng'), join(folder, 'dropped.pcapng')];
    await data(CAPTURE, '-w', out, '--dropped', dropped, '--summary');
    const left = readCapture(out);
    expect(left.map((one) => [one.interface.name, one.direction, one.comment])).toEqual([
      [
        'wan0',
        'out',
        'accepted by rule 2 of filter FORWARD: -A FORWARD -i lan0 -p tcp -m tcp --dport 80 -j ACCEPT',
      ],
      [
        'lan0',
        'out',
        'accepted by rule 1 of filter FORWARD: -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT',
      ],
    ]);
    expect(left.map(({ seconds, nanoseconds }) => [seconds, nanoseconds])).toEqual([
      [1_700_000_000, 0],
      [1_700_000_000, 100_000_000],
    ]);
    const lost = readCapture(dropped);
    expect(lost.map(({ bytes }) => Buffer.from(bytes))).toEqual(
      BOTH.slice(2).map((frame) => Buffer.from(frameOf(frame))),
    );
    expect(lost[0]).toMatchObject({ direction: 'in', interface: { name: 'lan0' } });
    expect(lost[0]?.comment).toBe(
      'dropped by rule 3 of filter FORWARD: -A FORWARD -p tcp -m tcp --dport 23 -j DROP',
    );
  });

  it('lets the captures’ clock drive timeouts', async () => {
    const late = pcap('late.pcap', [{ text: SYN }, { text: SYN_ACK, at: 130, to: WAN, from: ROUTER }]);
    expect((await data(late, '--summary')).ends).toEqual({ sent: 1, dropped: 1 });
    const early = pcap('early.pcap', [{ text: SYN }, { text: SYN_ACK, at: 110, to: WAN, from: ROUTER }]);
    expect((await data(early, '--summary')).ends).toEqual({ sent: 2 });
  });

  it('merges captures by their times, each at its device', async () => {
    const lan = pcap('lan.pcap', [
      { text: SYN, to: ROUTER },
      { text: TELNET, at: 0.2, to: ROUTER },
    ]);
    const wan = pcap('wan.pcap', [{ text: SYN_ACK, at: 0.1, to: LAN, from: ROUTER }]);
    const done = await data('--in', 'wan0', wan, '--in', 'lan0', lan, '--readdress', '--summary');
    expect(done).toMatchObject({ ends: { sent: 2, dropped: 1 }, frames: { late: 0 } });
    expect(done.captures.map(({ records }) => records)).toEqual([1, 2]);
  });

  it('reads gzip, pcapng with several interfaces, nanoseconds and Linux cooked frames', async () => {
    const gz = write('both.pcap.gz', gzipSync(readFileSync(CAPTURE)));
    expect((await data(gz, '--summary')).ends).toEqual({ sent: 2, dropped: 2 });
    const cooked = (text: string) =>
      concatBytes(Uint8Array.of(0, 0, 0, 1, 0, 6, ...CLIENT, 0, 0, 8, 0), parsePacket(text).packet!);
    const parts = [
      pcapngHeader([
        { name: 'lan0', linkType: LINK_TYPE.LINUX_SLL },
        { name: 'wan0', linkType: LINK_TYPE.RAW },
      ]),
      pcapngRecord({ interface: 0, seconds: 9, nanoseconds: 1, bytes: cooked(SYN) }),
      pcapngRecord({ interface: 1, seconds: 9, nanoseconds: 2, bytes: parsePacket(SYN_ACK).packet! }),
      pcapngRecord({ interface: 1, seconds: 9, nanoseconds: 1, bytes: parsePacket(SYN_ACK).packet! }),
    ];
    const ng = write('several.pcapng', concatBytes(...parts));
    expect(await data(ng, '--summary')).toMatchObject({ ends: { sent: 3 }, frames: { late: 1 } });
  });
});

describe('what processes of the machine sent', () => {
  const request = 'tcp 198.51.100.7:5000 > 203.0.113.1:443 syn seq 1';
  const answer = 'tcp 203.0.113.1:443 > 198.51.100.7:5000 syn,ack seq 5 ack 2';
  const third = 'tcp 198.51.100.7:5000 > 203.0.113.1:443 ack seq 2 ack 6';
  const server = pcap('server.pcap', [
    { text: request, to: WAN, from: ROUTER },
    { text: answer, at: 0.01, to: ROUTER, from: WAN },
    { text: third, at: 0.02, to: WAN, from: ROUTER },
  ]);

  it('is sent again, and the host answers nothing itself', async () => {
    const done = await data(server, '--summary');
    expect(done).toMatchObject({ ends: { delivered: 2, sent: 1 }, made: 0, frames: { carried: 2, sent: 1 } });
  });

  it('is left out if that is wanted', async () => {
    const done = await data(server, '--own', 'skip', '--summary');
    // The host has no such server: it resets the connection.
    expect(done).toMatchObject({ frames: { carried: 2, own: 1, sent: 0 } });
    expect(done.made).toBeGreaterThan(0);
  });
});

describe('a damaged capture', () => {
  const whole = readFileSync(CAPTURE);

  it('is read as far as it goes', async () => {
    const cut = write('cut.pcap', whole.subarray(0, whole.length - 7));
    const { status, stderr, stdout } = await run('--host', HOST, '--json', '--summary', cut);
    expect(status).toBe(1);
    expect(stderr).toMatch(/cut\.pcap: byte \d+: the file ends in record 4 .*; nothing behind it was read\n/);
    expect(JSON.parse(stdout)).toMatchObject({
      summary: { packets: 3, captures: [{ problems: [{ isEnd: true }] }] },
    });
  });

  it('with a lying length ends there', async () => {
    const lying = Uint8Array.from(whole);
    new DataView(lying.buffer).setUint32(24 + 8, 0x7fffffff, true);
    const { status, stderr, stdout } = await run('--host', HOST, write('lying.pcap', lying));
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('lying.pcap: byte 32: record 1 says it holds 2147483647 bytes');
  });

  it('that was packed and cut is read as far as it unpacks', async () => {
    const many = pcap(
      'many.pcap',
      Array.from({ length: 2000 }, (_, at) => ({ text: `${TELNET} seq ${at * 7919}`, at: at / 1000 })),
    );
    const packed = gzipSync(readFileSync(many));
    const cut = write('cut.pcap.gz', packed.subarray(0, packed.length >> 1));
    const done = await data(cut, '--summary');
    expect(done.packets).toBeGreaterThan(100);
    expect(done.packets).toBeLessThan(2000);
    expect(done.stderr).toContain('cannot be unpacked (gzip): unexpected end of file');
  });

  it('with unknown blocks is read to its end', async () => {
    const unknown = new Uint8Array(16);
    const view = new DataView(unknown.buffer);
    view.setUint32(0, 0xbadf00d, true);
    view.setUint32(4, 16, true);
    view.setUint32(12, 16, true);
    const frame = pcapngRecord({ interface: 0, seconds: 1, nanoseconds: 0, bytes: frameOf({ text: SYN }) });
    const file = write(
      'unknown.pcapng',
      concatBytes(pcapngHeader([{ name: 'lan0' }]), unknown, frame, unknown),
    );
    const { status, stdout } = await run('--host', HOST, '--json', '--summary', file);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).summary).toMatchObject({
      packets: 1,
      captures: [{ passedOver: { 'block of type 0xbadf00d': 2 } }],
    });
  });
});

describe('a wrong command line', () => {
  it.each([
    [['--by', 'magic', CAPTURE], 2, '--by magic: must be auto or interface or mac or address'],
    [['--in', 'dmz0', CAPTURE], 2, '--in dmz0: the host has no such device; it has lo, lan0, wan0'],
    [['--map', 'eth0', CAPTURE], 2, '--map eth0: must be NAME=DEVICE, as in eth0=wan0'],
    [['--map', 'eth0=x', CAPTURE], 2, '--map eth0=x: the host has no such device'],
    [['--journeys', 'droped', CAPTURE], 2, "--journeys: 'droped' is no word of a filter"],
    [['--most', 'x', CAPTURE], 2, '--most x: must be a number'],
    [['--own', 'x', CAPTURE], 2, '--own x: must be send or skip'],
    [[join(folder, 'missing.pcap')], 1, 'missing.pcap: cannot be read: no such file or folder'],
    [[folder], 1, 'cannot be read: is a folder'],
    [[HOST], 1, 'host.json: byte 0: not a capture'],
    [['-w', join(folder, 'none', 'x'), CAPTURE], 1, 'cannot be written'],
  ])('%j', async (argv, exit, message) => {
    const { status, stderr } = await run('--host', HOST, ...argv);
    expect(stderr).toContain(message);
    expect(status).toBe(exit);
  });

  it('without captures', async () => {
    expect((await run('--host', HOST)).status).toBe(2);
  });
});
