import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { LINK_TYPE } from '../formats/link-types.ts';
import { parsePacket } from '../formats/packet-language/index.ts';
import { pcapHeader, pcapRecord } from '../formats/pcap.ts';
import { main } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'fivehooks-trace-'));
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
    neighbors: [
      { dev: 'lan0', ip: '192.0.2.10', mac: '02:00:00:00:01:10' },
      { dev: 'wan0', ip: '203.0.113.9', mac: '02:00:00:00:02:09' },
    ],
    routes: ['default via 203.0.113.9 dev wan0'],
    sysctls: { 'net.ipv4.ip_forward': '1' },
    iptables: [
      '*filter',
      '-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT',
      '-A FORWARD -p udp -j ACCEPT',
      '-A FORWARD -p tcp -m tcp --dport 23 -j DROP',
      '-A INPUT -p icmp -j LOG --log-prefix "in: "',
      'COMMIT',
      '',
    ].join('\n'),
  }),
);

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
  const status = await main(['trace', ...argv]);
  process.exitCode = before;
  vi.restoreAllMocks();
  return { status, ...written };
}

const trace = (...argv: string[]): Promise<Done> => run('--host', HOST, ...argv);

describe('fivehooks trace', () => {
  it("ends with the rule that dropped the packet, and says why not the other's", async () => {
    const { status, stdout, stderr } = await trace(
      '--in',
      'lan0',
      'tcp 192.0.2.10:40000 > 203.0.113.9:23 syn',
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        '    ✗  1  -p tcp -m tcp --dport 80 -j ACCEPT   -m tcp --dport 80, but 23',
        '    ✗  2  -p udp -j ACCEPT   -p udp, but tcp',
        '    ✓  3  -p tcp -m tcp --dport 23 -j DROP',
      ]),
    );
    expect(stdout).toMatch(
      /\ndropped by rule 3 of filter FORWARD: -A FORWARD -p tcp -m tcp --dport 23 -j DROP\n$/,
    );
    expect(stdout).not.toContain('\u001b');
  });

  it('follows several packets, each by where it comes in', async () => {
    const { stdout } = await trace(
      ...['--in', 'lan0', 'tcp 192.0.2.10:40000 > 203.0.113.9:80 syn'],
      ...['--in', 'wan0', 'udp 203.0.113.9:53 > 192.0.2.10:40000 "answer"'],
      ...['--send', 'udp 192.0.2.1:5 > 192.0.2.10:6'],
    );
    expect(stdout).toContain('── packet 1\ntcp 192.0.2.10:40000 > 203.0.113.9:80 syn arrives at lan0\n');
    expect(stdout).toContain('── packet 2\nudp 203.0.113.9:53 > 192.0.2.10:40000 len 6 arrives at wan0\n');
    expect(stdout).toContain('leaves by lan0  udp 192.0.2.1:5 > 192.0.2.10:6\n');
    expect(stdout).toContain('\n3 packets: 3 sent on\n');
  });

  it('takes the only entrance for all packets, wherever it stands', async () => {
    const { stdout } = await trace('udp 192.0.2.10:1 > 203.0.113.9:2', '--in', 'lan0');
    expect(stdout).toMatch(/^udp 192.0.2.10:1 > 203.0.113.9:2 arrives at lan0\n/);
    expect((await trace('udp 192.0.2.1:1 > 192.0.2.10:2', '--send')).stdout).toContain('leaves by lan0');
  });

  it('answers in JSON, a line for each packet', async () => {
    const { stdout } = await trace('--json', '--in', 'lan0', 'udp 192.0.2.10:1 > 203.0.113.9:2 ttl 9 "x"');
    const [packet, last] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(packet).toMatchObject({
      from: 'packet 1',
      journeys: [
        {
          line: 'udp 192.0.2.10:1 > 203.0.113.9:2 ttl 9 src-mac 02:00:00:00:01:10 dst-mac 02:00:00:00:00:01 "x"',
          end: { kind: 'sent', devices: ['wan0'], by: { table: 'filter', chain: 'FORWARD', number: 2 } },
        },
      ],
    });
    expect(last).toMatchObject({ summary: { packets: 1, ends: { sent: 1 } } });
  });

  it('addresses frames as the neighbours would', async () => {
    const source = async (text: string, device: string): Promise<string> => {
      const { stdout } = await trace('--json', '--in', device, text);
      return JSON.parse(stdout.split('\n')[0]!).journeys[0].line.split(' ').join(' ');
    };
    expect(await source('udp 198.51.100.7:1 > 192.0.2.10:2', 'wan0')).toContain('src-mac 02:00:00:00:02:09');
    expect(await source('udp 192.0.2.77:1 > 203.0.113.9:2', 'lan0')).toContain('src-mac 02:fe:00:00:00:01');
    expect(await source('udp 192.0.2.77:1 > 192.0.2.255:2', 'lan0')).toContain('dst-mac ff:ff:ff:ff:ff:ff');
  });

  it('lets time pass', async () => {
    const { stdout } = await trace('--in', 'lan0', 'udp 192.0.2.10:1 > 203.0.113.77:2', '--wait', '5');
    expect(stdout).toContain('makes arp who-has 203.0.113.77 tell 203.0.113.1');
    expect(stdout).toContain('── later, 2.000000 s\narp who-has');
    expect(stdout).toContain('udp 192.0.2.10:1 > 203.0.113.77:2 goes on\n');
    expect(stdout).toContain('1 packet: 1 dropped; the host made 4\n');
  });

  it('carries captures, leaves out what the device itself sent, and says so', async () => {
    const frame = (text: string) => parsePacket(text).frame({ destination: Uint8Array.of(2, 0, 0, 0, 0, 1) });
    const frames = [
      frame('udp 192.0.2.10:1 > 203.0.113.9:2 len 1'),
      frame('udp 192.0.2.1:1 > 192.0.2.10:2 src-mac 02:00:00:00:00:01'),
      frame('udp 192.0.2.10:3 > 203.0.113.9:4 len 1'),
    ];
    const records = frames.map((bytes, index) => pcapRecord({ seconds: 7 + index, nanoseconds: 0, bytes }));
    const file = join(folder, 'a.pcap');
    writeFileSync(file, Buffer.concat([pcapHeader(), ...records]));
    const { stdout, stderr } = await trace('--in', 'lan0', file);
    expect(stdout).toContain(`── ${file} record 1\n`);
    expect(stdout).toContain(`── ${file} record 3, 2.000000 s\n`);
    expect(stdout).toContain('\n2 packets: 2 sent on\n');
    expect(stderr).toBe(
      'fivehooks: 1 captured frame is left out: the device itself sent what has its address as source\n',
    );
    expect((await trace('--in', 'lan0', '--packet', '3', '--summary', file)).stdout).toMatch(
      /^1 packet: 1 sent on\n/,
    );
  });

  it('carries captures of links without Ethernet', async () => {
    const { packet } = parsePacket('udp 192.0.2.10:1 > 203.0.113.9:2 len 1');
    const file = join(folder, 'raw.pcap');
    const record = pcapRecord({ seconds: 7, nanoseconds: 0, bytes: packet! });
    writeFileSync(file, Buffer.concat([pcapHeader({ linkType: LINK_TYPE.RAW }), record]));
    expect((await trace('--in', 'lan0', file)).stdout).toContain(
      'leaves by wan0  udp 192.0.2.10:1 > 203.0.113.9:2',
    );
  });

  it('appends the kernel log to a file', async () => {
    const log = join(folder, 'messages');
    writeFileSync(log, 'before\n');
    const { stdout } = await trace(
      '--log',
      log,
      '--in',
      'lan0',
      'icmp 192.0.2.10 > 192.0.2.1 echo-request id 1',
    );
    const line =
      'in: IN=lan0 OUT= MAC=02:00:00:00:00:01:02:00:00:00:01:10:08:00 SRC=192.0.2.10 DST=192.0.2.1 LEN=28 TOS=0x00 ' +
      'PREC=0x00 TTL=64 ID=0 PROTO=ICMP TYPE=8 CODE=0 ID=1 SEQ=0 ';
    expect(stdout).toContain(`log  ${line}\n`);
    expect(readFileSync(log, 'utf8')).toBe(`before\n${line}\n`);
  });
});

describe('what is wrong gets one clear message and an exit status', () => {
  it.each([
    [
      ['--in', 'lan0', 'tcp 1.2.3.4:70000 > 1.2.3.5:80'],
      2,
      'packet 1, column 13: port 70000: must be 0 to 65535',
    ],
    [
      ['--in', 'eth9', 'tcp 1.2.3.4:1 > 1.2.3.5:80'],
      2,
      '--in eth9: the host has no such device; it has lan0, wan0',
    ],
    [['tcp 1.2.3.4:1 > 1.2.3.5:80'], 2, 'where does packet 1 arrive? --in DEVICE; there are lan0, wan0'],
    [['--in', 'lan0', 'no-such.pcap'], 1, 'no-such.pcap: cannot be read: no such file or folder'],
    [
      ['--in', 'lan0', '--wait', 'long', 'udp 1.2.3.4:1 > 1.2.3.5:80'],
      2,
      '--wait long: must be seconds, as in 1.5',
    ],
    [
      ['--in', 'lan0', '--packet', '5-3', 'x.pcap'],
      2,
      '--packet 5-3: must be record numbers, as in 7 or 3-5 or 1,4,9-',
    ],
    [['--in', 'lan0', '--uid', 'root', 'x.pcap'], 2, '--uid root: must be 0 to 4294967295'],
    [
      ['--in', 'lan0', '--log', folder, 'udp 1.2.3.4:1 > 1.2.3.5:80'],
      1,
      `--log ${folder}: cannot be written: `,
    ],
    [
      ['--send', 'arp who-has 1.2.3.4 tell 1.2.3.5'],
      2,
      'packet 1: a local process sends IP packets, not frames',
    ],
  ])('%s', async (argv, exit, message) => {
    const { status, stdout, stderr } = await trace(...argv);
    expect({ status, stdout }).toEqual({ status: exit, stdout: '' });
    expect(stderr).toContain(`fivehooks: ${message}`);
  });

  it('before anything is carried', async () => {
    const { stdout, stderr } = await trace('--in', 'lan0', 'udp 192.0.2.10:1 > 203.0.113.9:2', 'udp wrong');
    expect(stdout).toBe('');
    expect(stderr).toContain('packet 2, column 5: address wrong: must be an IPv4 address');
  });

  it('also for the host', async () => {
    const { status, stderr } = await run(
      '--host',
      'nowhere.yaml',
      '--in',
      'lan0',
      'udp 1.2.3.4:1 > 1.2.3.5:2',
    );
    expect(status).toBe(1);
    expect(stderr).toBe('fivehooks: nowhere.yaml: cannot be read: no such file or folder\n');
  });
});
