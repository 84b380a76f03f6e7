import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameTuple } from '../conntrack/tuple.ts';
import { fromHex } from '../formats/hex.ts';
import { parsePacket } from '../formats/packet-language/index.ts';
import { checksum, pseudoSum4, pseudoSum6 } from '../wire/checksum.ts';
import { sctpChecksumFits } from '../wire/sctp.ts';
import { type Bench, bench } from '../xtables/extension.fixture.ts';

const RUNS = process.env.FIVEHOOKS_LONG === undefined ? 60 : 1000;

/** Rules of which a run has some: every sort of translation, of both families. */
const RULES = [
  '-A POSTROUTING -o wan0 -j MASQUERADE',
  '-A POSTROUTING -o wan0 -p udp -j MASQUERADE --to-ports 5000-5003',
  '-A POSTROUTING -o wan0 -j MASQUERADE --random',
  '-A POSTROUTING -o wan0 -j SNAT --to-source SRC1-SRC9',
  '-A POSTROUTING -o wan0 -j SNAT --to-source SRC1-SRC9 --persistent',
  '-A POSTROUTING -o wan0 -j SNAT --to-source SRC1 --random-fully',
  '-A POSTROUTING -o wan0 -j NETMAP --to SRCNET',
  '-A PREROUTING -i lan0 -j DNAT --to-destination DST9',
  '-A PREROUTING -i lan0 -p tcp -j DNAT --to-destination PORTS8080',
  '-A PREROUTING -i lan0 -p udp -j DNAT --to-destination PORTS8000-8003',
];
const WORDS: Readonly<Record<4 | 6, readonly (readonly [string, string])[]>> = {
  4: [
    ['SRCNET', '203.0.113.64/26'],
    ['SRC1', '203.0.113.1'],
    ['SRC9', '203.0.113.9'],
    ['DST9', '203.0.113.9'],
    ['PORTS', '203.0.113.9:'],
  ],
  6: [
    ['SRCNET', '2001:db8:2:5::/64'],
    ['SRC1', '2001:db8:2::1'],
    ['SRC9', '2001:db8:2::9'],
    ['DST9', '2001:db8:2::9'],
    ['PORTS', '[2001:db8:2::9]:'],
  ],
};

function gateway(rules: readonly string[], family: 4 | 6): Bench {
  const b = bench();
  for (const rule of rules) {
    let line = rule;
    for (const [word, value] of WORDS[family]) line = line.replaceAll(word, value);
    b.run(`${family === 4 ? 'iptables' : 'ip6tables'} -t nat ${line}`);
  }
  for (const client of [20, 21, 22, 23]) {
    const address = family === 4 ? `192.0.2.${client}` : `2001:db8:1::${client}`;
    b.run(`ip neigh replace ${address} lladdr 02:00:00:00:01:${client} dev lan0 nud permanent`);
  }
  return b;
}

/** Frames that left by a device, from the IP header on, since the last call. */
function taken(b: Bench): { device: string; packet: Uint8Array }[] {
  return b.out.splice(0).map((line) => {
    const [device, hex] = line.split(' ') as [string, string];
    return { device, packet: fromHex(hex)! };
  });
}

/** Whether every checksum of an IP packet, and of the one that an ICMP error quotes, is right. */
function isRight(packet: Uint8Array): boolean {
  const six = packet[0]! >> 4 === 6;
  if (!six && checksum(packet, 0, (packet[0]! & 15) * 4) !== 0) return false;
  const offset = six ? 40 : (packet[0]! & 15) * 4;
  const protocol = six ? packet[6]! : packet[9]!;
  const length = packet.length - offset;
  if (protocol === 132) return sctpChecksumFits(packet, offset, packet.length);
  if (protocol === 17 && packet[offset + 6] === 0 && packet[offset + 7] === 0) return !six;
  if (![1, 6, 17, 58].includes(protocol)) return true;
  const pseudo = six
    ? pseudoSum6(packet, 0, protocol, length)
    : protocol === 1
      ? 0
      : pseudoSum4(packet, 0, protocol, length);
  return checksum(packet, offset, packet.length, pseudo) === 0;
}

/** The packet that answers another: ends changed, as its receiver would send it. */
function answerTo(packet: Uint8Array): string {
  const text = parsePacket(`packet hex:${Buffer.from(packet).toString('hex')}`);
  const bytes = text.packet!.slice();
  const six = bytes[0]! >> 4 === 6;
  const [at, size] = six ? [8, 16] : [12, 4];
  const source = bytes.slice(at, at + size);
  bytes.copyWithin(at, at + size, at + 2 * size);
  bytes.set(source, at + size);
  const offset = six ? 40 : (bytes[0]! & 15) * 4;
  const protocol = six ? bytes[6]! : bytes[9]!;
  if (protocol === 1 || protocol === 58) {
    // The checksum moves with the type.
    const [request, reply] = six ? [128, 129] : [8, 0];
    const sum = ((bytes[offset + 2]! << 8) | bytes[offset + 3]!) + ((request - reply) << 8);
    const folded = sum < 0 ? sum + 0xffff : sum > 0xffff ? sum - 0xffff : sum;
    bytes[offset] = reply;
    bytes[offset + 2] = folded >> 8;
    bytes[offset + 3] = folded & 255;
  } else if ([6, 17].includes(protocol)) {
    const port = bytes.slice(offset, offset + 2);
    bytes.copyWithin(offset, offset + 2, offset + 4);
    bytes.set(port, offset + 2);
  }
  return `packet hex:${Buffer.from(bytes).toString('hex')}`;
}

const flow = fc.record({
  protocol: fc.constantFrom('udp', 'tcp', 'icmp'),
  client: fc.integer({ min: 0, max: 3 }),
  sport: fc.constantFrom(1, 511, 600, 1023, 1024, 5000, 5001, 40_000),
  dport: fc.constantFrom(53, 80, 8000),
});
type Flow = typeof flow extends fc.Arbitrary<infer T> ? T : never;

function request({ protocol, client, sport, dport }: Flow, family: 4 | 6): string {
  const from = family === 4 ? `192.0.2.${20 + client}` : `[2001:db8:1::${20 + client}]`;
  const to = family === 4 ? '203.0.113.9' : '[2001:db8:2::9]';
  if (protocol === 'icmp') {
    const bare = (text: string) => text.replace(/[[\]]/g, '');
    const name = family === 4 ? 'icmp' : 'icmp6';
    return `${name} ${bare(from)} > ${bare(to)} echo-request id ${sport} "x"`;
  }
  return `${protocol} ${from}:${sport} > ${to}:${dport}${protocol === 'tcp' ? ' syn' : ' "payload"'}`;
}

const setting = fc.record({
  family: fc.constantFrom<4 | 6>(4, 6),
  rules: fc.subarray(RULES, { minLength: 1, maxLength: 3 }),
  flows: fc.array(flow, { minLength: 1, maxLength: 40 }),
});

describe('address translation', () => {
  test('an answer reaches who asked, as if nothing had been translated; every checksum is right', () => {
    let answered = 0;
    fc.assert(
      fc.property(setting, ({ family, rules, flows }) => {
        const b = gateway(rules, family);
        for (const one of flows) {
          const asked = parsePacket(request(one, family)).packet!;
          b.receive(request(one, family));
          const [sent] = taken(b);
          if (sent?.device !== 'wan0') continue;
          expect(isRight(sent.packet)).toBe(true);
          b.receive(answerTo(sent.packet), 'wan0');
          const back = taken(b).find(({ device }) => device === 'lan0');
          if (!back) continue;
          answered++;
          expect(isRight(back.packet)).toBe(true);
          const [at, size] = family === 6 ? [8, 16] : [12, 4];
          const part = (packet: Uint8Array, from: number) => packet.slice(from, from + size);
          expect(part(back.packet, at + size)).toEqual(part(asked, at));
          expect(part(back.packet, at)).toEqual(part(asked, at + size));
        }
      }),
      { numRuns: RUNS },
    );
    expect(answered).toBeGreaterThan(RUNS * 2);
  });

  test('no two connections share the tuple of their answers, and ports stay in their class or range', () => {
    fc.assert(
      fc.property(setting, ({ family, rules, flows }) => {
        const b = gateway(rules, family);
        for (const one of flows) b.receive(request(one, family));
        const all = [...b.host.conntrack.connections()];
        for (let i = 0; i < all.length; i++) {
          for (let j = i + 1; j < all.length; j++) {
            expect(sameTuple(all[i]!.reply, all[j]!.reply)).toBe(false);
          }
        }
        for (const { original, reply } of all) {
          if (original.protocol !== 6 && original.protocol !== 17) continue;
          const [before, after] = [original.sourcePart, reply.destinationPart];
          if (before === after || (after >= 5000 && after <= 5003)) continue;
          const group = (port: number) => (port < 512 ? 0 : port < 1024 ? 1 : 2);
          if (!rules.some((rule) => rule.includes('to-ports'))) expect(group(after)).toBe(group(before));
        }
      }),
      { numRuns: RUNS },
    );
  });

  test('no sequence of packets leaves more entries than the limit', () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 1, max: 12 }), ({ family, rules, flows }, limit) => {
        const b = gateway(rules, family);
        b.host.sysctl.set('net.netfilter.nf_conntrack_max', String(limit));
        for (const one of flows) {
          b.receive(request(one, family));
          if (b.host.conntrack.count > limit) return false;
        }
        return true;
      }),
      { numRuns: RUNS },
    );
  });
});
