import { expect, test } from 'vitest';
import { bench } from '../extension.fixture.ts';

const HEAD = 'IN=lan0 OUT=wan0 MAC=02:00:00:00:00:01:02:00:00:00:01:10:08:00 SRC=192.0.2.10 DST=203.0.113.9';

function logged(words: string, packet: string): string {
  const { run, receive, log } = bench();
  run(`iptables -A FORWARD -j LOG ${words}`.trim());
  receive(packet);
  return log.join('|');
}

test('a datagram', () => {
  expect(logged('', 'udp 192.0.2.10:4000 > 203.0.113.9:53 id 7 df')).toBe(
    `<4>${HEAD} LEN=28 TOS=0x00 PREC=0x00 TTL=63 ID=7 DF PROTO=UDP SPT=4000 DPT=53 LEN=8 `,
  );
});

test('prefix, level, sequence numbers', () => {
  const words = '--log-prefix x: --log-level debug --log-tcp-sequence';
  expect(logged(words, 'tcp 192.0.2.10:1 > 203.0.113.9:2 syn seq 7 window 100 id 9')).toBe(
    `<7>x:${HEAD} LEN=40 TOS=0x00 PREC=0x00 TTL=63 ID=9 PROTO=TCP SPT=1 DPT=2 SEQ=7 ACK=0 WINDOW=100 RES=0x00 SYN URGP=0 `,
  );
});

test('a header that is cut off ends the line', () => {
  expect(logged('', 'packet 4500001800090000400600000000000000000000')).toBe('');
  const short = 'packet 45000018000900004006 0000 c000020a cb007109 00010002'.replace(/ (?=[0-9a-c])/g, ' ');
  expect(
    logged(
      '',
      short.replace(/(packet) (.*)/, (_, word, rest) => `${word} ${rest.replaceAll(' ', '')}`),
    ),
  ).toBe('');
});
