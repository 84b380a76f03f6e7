import { expect, test } from 'vitest';
import { get16 } from '../../wire/bytes.ts';
import { checksum, pseudoSum4, pseudoSum6 } from '../../wire/checksum.ts';
import { bench } from '../extension.fixture.ts';

/** The segment that leaves when a rule with these words has seen a SYN: MSS option and length of the TCP header. */
function sent(words: string, packet: string): { mss: number; header: number } {
  const { run, receive, out } = bench();
  const six = packet.includes('[');
  run(`${six ? 'ip6tables' : 'iptables'} -t mangle -A FORWARD -p tcp --syn -j TCPMSS ${words}`);
  receive(packet);
  const bytes = Uint8Array.from(Buffer.from(out[0]?.split(' ')[1] ?? '', 'hex'));
  const at = six ? 40 : 20;
  const length = bytes.length - at;
  expect(
    checksum(
      bytes,
      at,
      bytes.length,
      six ? pseudoSum6(bytes, 0, 6, length) : pseudoSum4(bytes, 0, 6, length),
    ),
  ).toBe(0);
  if (six) expect(get16(bytes, 4)).toBe(length);
  else expect(checksum(bytes, 0, 20)).toBe(0);
  const header = (bytes[at + 12]! >> 4) * 4;
  return { mss: bytes[at + 20] === 2 ? get16(bytes, at + 22) : -1, header };
}

const SYN = 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn';
const SYN6 = 'tcp [2001:db8:1::10]:4000 > [2001:db8:2::9]:80 syn';

test.each([
  ['--set-mss 1000', `${SYN} mss 1460`, 1000, 24],
  ['--set-mss 1500', `${SYN} mss 1460`, 1460, 24],
  ['--clamp-mss-to-pmtu', `${SYN} mss 8960`, 1460, 24],
  ['--clamp-mss-to-pmtu', `${SYN6} mss 8960`, 1440, 24],
  ['--set-mss 1000', SYN, 536, 24],
  ['--set-mss 100', SYN, 100, 24],
  ['--set-mss 1400', SYN6, 1220, 24],
])('%s of %s: %i', (words, packet, mss, header) => {
  expect(sent(words, packet)).toEqual({ mss, header });
});

test.each([
  '-p tcp -j TCPMSS --set-mss 1000',
  '-p tcp --tcp-flags RST RST -j TCPMSS --set-mss 1000',
  '-p tcp ! --syn -j TCPMSS --set-mss 1000',
])('%s: no match wants SYN', (words) => {
  expect(() => bench().run(`iptables -A FORWARD ${words}`)).toThrow('Invalid argument');
});

test('clamping needs a route', () => {
  const words = '-p tcp --syn -j TCPMSS --clamp-mss-to-pmtu';
  expect(() => bench().run(`iptables -t mangle -A PREROUTING ${words}`)).toThrow('Invalid argument');
});

test.each([
  ['--set-mss 900 --clamp-mss-to-pmtu', '--clamp-mss-to-pmtu'],
  ['--clamp-mss-to-pmtu --set-mss 900', '--set-mss 900'],
])('of %s the later counts', (words, kept) => {
  const { run } = bench();
  run(`iptables -A FORWARD -p tcp --syn -j TCPMSS ${words}`);
  expect(run('iptables -S FORWARD')).toContain(`-j TCPMSS ${kept}\n`);
});
