import { expect, test } from 'vitest';
import { runCommand } from '../../commands/index.ts';
import { parsePacket, printPacket } from '../../formats/packet-language/index.ts';
import { get32 } from '../../wire/bytes.ts';
import { type Bench, bench } from '../extension.fixture.ts';

const CLIENT = '192.0.2.10:4000';
const SERVER = '203.0.113.9:80';
const CLIENT6 = '[2001:db8:1::10]:4000';
const SERVER6 = '[2001:db8:2::9]:80';
const LOW_BITS = 0x3f;

/** A proxy before the server, and what left: packets of the language with numbers told from the cookie `C` and the stamp `T`. */
function proxied(options: string, family: 4 | 6 = 4) {
  const it = bench();
  const { run, receive, out } = it;
  const iptables = family === 4 ? 'iptables' : 'ip6tables';
  run(`${iptables} -t raw -A PREROUTING -i lan0 -p tcp --syn -j CT --notrack`);
  run(
    `${iptables} -A FORWARD -i lan0 -p tcp -m conntrack --ctstate INVALID,UNTRACKED -j SYNPROXY ${options}`,
  );
  run('sysctl -w net.netfilter.nf_conntrack_tcp_loose=0');
  const tcp = family === 4 ? 20 : 40;
  let cookie = 0;
  let stamp = 0;
  const named = (packet: Uint8Array) =>
    printPacket(packet)
      .replace(/ \((.*)\)$/, '')
      .replace(/\b(seq|ack|acknowledgment) (\d+)/g, (all, word, number) => {
        const distance = (Number(number) - cookie) | 0;
        return Math.abs(distance) < 1000 ? `${word} C+${distance}` : all;
      })
      .replace(/timestamp (\d+)\/(\d+)/, (_, a, b) => {
        const near = (n: string) =>
          Math.abs((Number(n) - stamp) | 0) < 1000 ? `T+${(Number(n) - stamp) | 0}` : n;
        return `timestamp ${near(a)}/${near(b)}`;
      });
  /** What a packet brings about. */
  const say = (text: string, device = 'lan0') => {
    out.length = 0;
    const filled = text
      .replace(/C\+(\d+)/g, (_, more) => String((cookie + Number(more)) >>> 0))
      .replace(/T\+(\d+)/g, (_, more) => String((stamp + Number(more)) >>> 0));
    receive(filled, device);
    return out.map((line) => {
      const [name, hex] = line.split(' ') as [string, string];
      const packet = Uint8Array.from(Buffer.from(hex, 'hex'));
      if (packet[tcp + 13] === 0x12 && name === 'lan0' && packet[tcp + 14] === 0 && packet[tcp + 15] === 0) {
        cookie = get32(packet, tcp + 4);
        const at = /timestamp (\d+)/.exec(printPacket(packet));
        if (at) stamp = (Number(at[1]) & ~LOW_BITS) >>> 0;
      }
      return `${name}: ${named(packet)}`;
    });
  };
  return { ...it, say };
}

/** What Linux did with the same segments, but for the numbers that are random there. */
test('a whole connection, its sequence numbers and timestamps moved', () => {
  const { say, host } = proxied('--sack-perm --timestamp --wscale 7 --mss 1460');
  host.timers.advance(1e9);
  expect(
    say(
      `tcp ${CLIENT} > ${SERVER} syn seq 1000 window 5000 mss 1440 sackok timestamp 77777777/0 nop wscale 5`,
    ),
  ).toEqual([
    `lan0: tcp ${SERVER} > ${CLIENT} syn,ack seq C+0 ack 1001 window 0 mss 1460 sackok timestamp T+21/77777777 nop wscale 7 df`,
  ]);
  expect(host.conntrack.count).toBe(0);
  expect(
    say(`tcp ${CLIENT} > ${SERVER} ack C+1 seq 1001 window 300 nop nop timestamp 77777780/T+21`),
  ).toEqual([
    `wan0: tcp ${CLIENT} > ${SERVER} syn seq 1000 acknowledgment C+0 window 300 mss 1440 sackok timestamp 77777780/T+21 nop wscale 5 df`,
  ]);
  const [toServer, toClient] = say(
    `tcp ${SERVER} > ${CLIENT} syn ack 1001 seq 500000 window 28000 mss 1400 sackok timestamp 900000000/77777780 nop wscale 9`,
    'wan0',
  );
  // Linux moves the server's own timestamp in this one, too, where nothing needs to be moved.
  expect(toServer).toMatch(
    new RegExp(
      `^wan0: tcp ${CLIENT} > ${SERVER} ack seq 1001 ack 500001 window 300 nop nop timestamp 77777780/179`,
    ),
  );
  expect(toClient).toBe(
    `lan0: tcp ${SERVER} > ${CLIENT} ack seq C+1 ack 1001 window 54 nop nop timestamp T+21/77777780 df`,
  );
  expect(
    say(`tcp ${CLIENT} > ${SERVER} psh ack C+1 seq 1001 window 300 nop nop timestamp 77777790/T+21 "hello"`),
  ).toEqual([
    `wan0: tcp ${CLIENT} > ${SERVER} psh,ack seq 1001 ack 500001 window 300 nop nop timestamp 77777790/900000000 ttl 63 "hello"`,
  ]);
  expect(
    say(
      `tcp ${SERVER} > ${CLIENT} psh ack 1006 seq 500001 window 100 nop nop timestamp 900000010/77777790 "answer"`,
      'wan0',
    ),
  ).toEqual([
    `lan0: tcp ${SERVER} > ${CLIENT} psh,ack seq C+1 ack 1006 window 100 nop nop timestamp T+31/77777790 ttl 63 "answer"`,
  ]);
  expect(runCommand(host, ['cat', '/proc/net/stat/synproxy']).stdout.split('\n')[1]).toBe(
    '00000000\t00000001\t00000000\t00000001\t00000000\t00000000',
  );
});

test('without timestamps nothing is agreed on but the segment size, and a keep-alive asks the server again', () => {
  const { say } = proxied('--mss 1000 --wscale 3 --sack-perm --ecn', 6);
  expect(
    say(`tcp ${CLIENT6} > ${SERVER6} syn ece cwr seq 1000 mss 1300 sackok nop nop nop wscale 5`),
  ).toEqual([`lan0: tcp ${SERVER6} > ${CLIENT6} syn,ack seq C+0 ack 1001 window 0 mss 1000`]);
  const answer = `tcp ${CLIENT6} > ${SERVER6} ack C+1 window 300`;
  expect(say(answer.replace('C+1', 'C+7'))).toEqual([]);
  const syn = `wan0: tcp ${CLIENT6} > ${SERVER6} syn seq 1000 acknowledgment C+0 window 300 mss`;
  expect(say(`${answer} seq 1001`)).toEqual([`${syn} 1220`]);
  // The keep-alive's number is one less, which the cookie takes for the next larger size.
  expect(say(`${answer} seq 1000`)).toEqual([`${syn} 1420`]);
});

test('a cookie is good for up to two minutes', () => {
  const { say, host } = proxied('--mss 1000');
  say(`tcp ${CLIENT} > ${SERVER} syn seq 1000`);
  host.timers.advance(119e6);
  expect(say(`tcp ${CLIENT} > ${SERVER} ack C+1 seq 1001`)).toHaveLength(1);
  host.conntrack.flush();
  host.timers.advance(2e6);
  expect(say(`tcp ${CLIENT} > ${SERVER} ack C+1 seq 1001`)).toEqual([]);
});

test('it stands only where packets come in, and only with -p tcp', () => {
  const refusal = (it: Bench, words: string) => () => it.run(`iptables ${words} -j SYNPROXY`);
  const it = bench();
  expect(refusal(it, '-A OUTPUT -p tcp')).toThrow('Invalid argument');
  expect(refusal(it, '-A INPUT ! -p tcp')).toThrow('Invalid argument');
  it.run('iptables -A INPUT -p tcp -j SYNPROXY --mss 65537 --wscale 263');
  expect(it.run('iptables -S INPUT')).toContain('-j SYNPROXY --wscale 7 --mss 1\n');
  expect(it.host.hooks.list(4, 1).map(({ name }) => name)).toContain('synproxy');
  it.run('iptables -F');
  expect(it.host.hooks.list(4, 1).map(({ name }) => name)).not.toContain('synproxy');
  expect(it.host.conntrack.tracks(4)).toBe(false);
});

test('frames of any shape are survived', () => {
  const { say, host } = proxied('--mss 1000 --timestamp');
  for (const options of ['0204', '020401', '0200', '03030f', 'ff', '080a', '0101010108']) {
    expect(() => say(`tcp ${CLIENT} > ${SERVER} syn seq 1 options hex:${options}`)).not.toThrow();
  }
  for (let length = 34; length < 60; length++) {
    const frame = parsePacket(`tcp ${CLIENT} > ${SERVER} syn seq 1 mss 5 sackok`).frame({
      destination: host.interfaces.require('lan0').mac,
      source: Uint8Array.of(2, 0, 0, 0, 1, 0x10),
    });
    expect(() => host.receive('lan0', frame.subarray(0, length))).not.toThrow();
  }
});
