import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildFrame } from '../../wire/build/index.ts';
import { fromHex } from '../../wire/bytes.ts';
import { checksum, pseudoSum4 } from '../../wire/checksum.ts';
import { type Bench, bench } from '../../xtables/extension.fixture.ts';

const ACK = 0x10;
const SYN = 0x02;
const CLIENT = '192.0.2.10';
const SERVER = '203.0.113.9';
const OUTSIDE = '203.0.113.1';

const bytesOf = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Port, protocol and what is said of each helper, as it should be and in pieces. */
const HELPERS = [
  {
    name: 'ftp',
    port: 21,
    tcp: true,
    client: 'PORT 192,0,2,10,15,160\r\n',
    server: '227 ok (203,0,113,9,156,64)\r\n',
    pieces: ['EPRT ', '|1|192.0.2.10|4000|', '229 (|||4000|)', ',,', '300'],
  },
  {
    name: 'irc',
    port: 6667,
    tcp: true,
    client: 'PRIVMSG you :\x01DCC SEND file 3221225994 5000 1\x01\r\n',
    server: ':irc NOTICE x\r\n',
    pieces: ['PRIVMSG x', ' :', '\x01DCC ', 'CHAT chat ', '3221225994 ', '99999999999'],
  },
  {
    name: 'sip',
    port: 5060,
    tcp: false,
    client:
      'INVITE sip:you@203.0.113.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10:5060;maddr=192.0.2.10;rport\r\n' +
      'Contact: <sip:me@192.0.2.10:5060>\r\nCSeq: 1 INVITE\r\nContent-Length: 100\r\n\r\nv=0\r\n' +
      'o=me 1 1 IN IP4 192.0.2.10\r\nc=IN IP4 192.0.2.10\r\nm=audio 4000 RTP/AVP 0\r\n',
    server: 'SIP/2.0 200 OK\r\nCSeq: 1 INVITE\r\nContact: <sip:a@203.0.113.1:5060>;expires=9\r\n\r\n',
    pieces: [
      '\r\n ',
      'sip:',
      'm=video 1 x\r\n',
      'REGISTER ',
      'Contact: ',
      ', ',
      '192.0.2.10:5060',
      'received=',
    ],
  },
  {
    name: 'amanda',
    port: 10080,
    tcp: false,
    client: 'REQ\n',
    server: 'CONNECT DATA 50001 MESG 50002 INDEX 50003\n',
    pieces: ['DATA ', 'STATE ', 'CONNECT ', '0', '99999'],
  },
  {
    name: 'tftp',
    port: 69,
    tcp: false,
    client: '\0\x01file\0octet\0',
    server: '\0\x03\0\x01data',
    pieces: ['\0', '\0\x02'],
  },
  {
    name: 'pptp',
    port: 1723,
    tcp: true,
    client: `${'\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x01\0\0\x01\0'}${'\0'.repeat(150)}`,
    server: `${'\0\x9c\0\x01\x1a\x2b\x3c\x4d\0\x02\0\0\x01\0\x01\0'}${'\0'.repeat(150)}`,
    pieces: ['\0\x07\0\0', '\0\x08\0\0', '\0\x0d\0\0', '\x1a\x2b\x3c\x4d', '\0\x01'],
  },
] as const;

type Known = (typeof HELPERS)[number];

/** A conversation of a client behind MASQUERADE with a server. */
class Talk {
  readonly b: Bench;
  readonly #helper: Known;
  readonly #port: number;
  #client = 1000;
  #server = 5000;

  constructor(b: Bench, helper: Known, port: number) {
    this.b = b;
    this.#helper = helper;
    this.#port = port;
    if (!helper.tcp) return;
    this.#send('client', SYN, new Uint8Array());
    this.#client++;
    this.#send('server', SYN | ACK, new Uint8Array());
    this.#server++;
    this.#send('client', ACK, new Uint8Array());
  }

  say(who: 'client' | 'server', data: Uint8Array): void {
    this.#send(who, ACK, data);
    if (who === 'client') this.#client += data.length;
    else this.#server += data.length;
  }

  #send(who: 'client' | 'server', flags: number, data: Uint8Array): void {
    const out = who === 'client';
    const { tcp, port } = this.#helper;
    const ports = out
      ? { sourcePort: this.#port, destinationPort: port }
      : { sourcePort: port, destinationPort: this.#port };
    const numbers = out
      ? { sequence: this.#client, acknowledgment: this.#server }
      : { sequence: this.#server, acknowledgment: this.#client };
    const { interfaces } = this.b.host;
    const device = out ? 'lan0' : 'wan0';
    const frame = buildFrame(
      { ethernet: { destination: interfaces.require(device).mac } },
      { ipv4: { source: out ? CLIENT : SERVER, destination: out ? SERVER : OUTSIDE } },
      tcp ? { tcp: { ...ports, ...numbers, flags } } : { udp: ports },
      data,
    );
    this.b.host.receive(device, frame);
  }
}

function gateway(helper: Known): Bench {
  const b = bench();
  const protocol = helper.tcp ? 'tcp' : 'udp';
  b.run(`iptables -t raw -A PREROUTING -p ${protocol} --dport ${helper.port} -j CT --helper ${helper.name}`);
  b.run('iptables -t nat -A POSTROUTING -o wan0 -j MASQUERADE');
  return b;
}

/** What is said, with pieces of it cut out, doubled, or put elsewhere. */
function mangled(helper: Known, text: string): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    at: fc.nat(text.length),
    cut: fc.nat(12),
    put: fc.oneof(fc.constantFrom<string>(...helper.pieces, ''), fc.string({ unit: 'binary', maxLength: 4 })),
  });
  return fc.array(change, { maxLength: 4 }).map((changes) => {
    let result = text;
    for (const { at, cut, put } of changes) result = result.slice(0, at) + put + result.slice(at + cut);
    return bytesOf(result.slice(0, 1400));
  });
}

/** Whether lengths and checksums of what left are right. */
function expectSound(line: string): void {
  const packet = fromHex(line.split(' ')[1]!);
  expect((packet[2]! << 8) | packet[3]!).toBe(packet.length);
  expect(checksum(packet, 0, 20)).toBe(0);
  const protocol = packet[9]!;
  if (protocol !== 6 && protocol !== 17) return;
  if (protocol === 17) expect((packet[24]! << 8) | packet[25]!).toBe(packet.length - 20);
  const sum = checksum(packet, 20, packet.length, pseudoSum4(packet, 0, protocol, packet.length - 20));
  expect([0, 0xffff]).toContain(sum);
}

describe('helpers behind NAT', () => {
  test.each(HELPERS)('$name: whatever is said, what leaves is sound, and little is kept', (helper) => {
    const b = gateway(helper);
    let port = 20000;
    fc.assert(
      fc.property(mangled(helper, helper.client), mangled(helper, helper.server), (client, server) => {
        b.out.length = 0;
        const talk = new Talk(b, helper, port++);
        talk.say('client', client);
        talk.say('server', server);
        talk.say('client', bytesOf(helper.client));
        talk.say('server', bytesOf(helper.server));
        for (const line of b.out) expectSound(line);
        const { expectations } = b.host.conntrack;
        expect(expectations.count).toBeLessThanOrEqual(4096);
        for (const { master } of expectations) expect(master.confirmed && !master.dying).toBe(true);
      }),
      { seed: 5, numRuns: 150 },
    );
    b.host.advance(400);
    expect(b.host.conntrack.expectations.count).toBe(0);
  });

  test('FTP: the client is told of outside, and its data connection follows', () => {
    const [ftp] = HELPERS;
    const b = gateway(ftp);
    const talk = new Talk(b, ftp, 40000);
    talk.say('server', bytesOf('220 hello\r\n'));
    talk.say('client', bytesOf('USER me\r\n'));
    b.out.length = 0;
    talk.say('client', bytesOf(ftp.client));
    const said = String.fromCharCode(...fromHex(b.out[0]!.split(' ')[1]!).subarray(40));
    expect(said).toBe('PORT 203,0,113,1,15,160\r\n');
    const [expectation] = [...b.host.conntrack.expectations];
    expect(expectation?.tuple.destinationPart).toBe(4000);
    b.host.receive(
      'wan0',
      buildFrame(
        { ethernet: { destination: b.host.interfaces.require('wan0').mac } },
        { ipv4: { source: SERVER, destination: OUTSIDE } },
        { tcp: { sourcePort: 20, destinationPort: 4000 } },
      ),
    );
    expect(b.out.at(-1)?.startsWith('lan0 ')).toBe(true);
    expect(b.host.conntrack.expectations.count).toBe(0);
  });
});
