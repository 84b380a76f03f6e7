import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeXtables } from '../commands/iptables/cases.fixture.ts';
import { runRestore } from '../commands/iptables/restore.ts';
import { runSave } from '../commands/iptables/save.ts';
import { HookState, Hooks } from '../netfilter/hooks.ts';
import { Packet } from '../netfilter/packet.ts';
import { NumberedQueues } from '../netfilter/queues.ts';
import { DROP } from '../netfilter/verdict.ts';
import type { Xtables } from './xtables.ts';

const runs = process.env.FIVEHOOKS_LONG ? 3000 : 150;

/** A host's tables; with `misses` the plain interpreter runs, else the compiled form. */
function tables(family: 4 | 6, ruleset: string, misses: boolean) {
  const hooks = new Hooks(new NumberedQueues());
  const seen: string[] = [];
  if (misses) {
    hooks.observer = {
      wantsMisses: true,
      missed: (_packet, _table, chain, number, rule, why) => {
        expect(why.test).not.toBe('');
        expect(why.value).not.toBe('');
        expect(rule.startsWith(`-A ${chain}`)).toBe(true);
        seen.push(`${chain} ${number}`);
      },
    };
  }
  const xtables = makeXtables(hooks);
  const result = runRestore(xtables, family, ['iptables-restore', '-c'], ruleset);
  return { xtables, result, seen };
}

function send(xtables: Xtables, family: 4 | 6, hook: 1 | 2 | 3, packet: Packet, devices: [number, number]) {
  const state = new HookState();
  state.hook = hook;
  state.family = family;
  [state.inDevice, state.outDevice] = devices;
  return xtables.table(family, 'filter')!.run(packet, state);
}

// -- random rulesets ----------------------------------------------------------------------------------------------

const address4 = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.1.1');
const address6 = fc.constantFrom('2001:db8::1', '2001:db8::2', '2001:db8:1::1');
const inverted = fc.constantFrom('', '', '', '! ');
const maybe = (part: fc.Arbitrary<string>) => fc.oneof({ weight: 2, arbitrary: fc.constant('') }, part);

function rule(family: 4 | 6): fc.Arbitrary<string> {
  const address = family === 4 ? address4 : address6;
  const bits = family === 4 ? fc.constantFrom(32, 24, 8, 0) : fc.constantFrom(128, 64, 33, 0);
  const network = (letter: string) =>
    fc.tuple(inverted, address, bits).map(([not, ip, length]) => `${not}-${letter} ${ip}/${length}`);
  const device = (letter: string) =>
    fc
      .tuple(inverted, fc.constantFrom('eth0', 'eth+', 'eth1', 'lo', '+'))
      .map(([not, name]) => `${not}-${letter} ${name}`);
  const ports = fc
    .tuple(inverted, fc.constantFrom('sport', 'dport'), fc.constantFrom('22', '20:25', '80:', ':79', '0'))
    .map(([not, name, value]) => `${not}--${name} ${value}`);
  const tcp = fc
    .tuple(
      maybe(ports),
      maybe(fc.constantFrom('--syn', '! --syn', '--tcp-flags SYN,ACK ACK', '--tcp-option 2')),
    )
    .map(([port, flags]) => `-p tcp -m tcp ${port} ${flags}`);
  const protocol = fc.oneof(tcp, fc.constantFrom('-p udp', '! -p tcp', '-p 0', '-p 44', '! -p 17', '-p 59'));
  const fragment = family === 4 ? fc.constantFrom('-f', '! -f') : fc.constant('');
  const mark = fc
    .tuple(inverted, fc.constantFrom('1', '0/1', '0x2/0x2', '3'))
    .map(([not, value]) => `-m mark ${not}--mark ${value}`);
  const target = fc.constantFrom(
    ...['', '-j ACCEPT', '-j DROP', '-j RETURN', '-j a', '-j b', '-g a', '-g b', '-j c'],
    ...['-j MARK --or-mark 1', '-j MARK --xor-mark 2', '-j QUEUE'],
  );
  return fc
    .tuple(
      fc.constantFrom('INPUT', 'FORWARD', 'OUTPUT', 'a', 'b', 'c'),
      maybe(network('s')),
      maybe(network('d')),
      maybe(device('i')),
      maybe(device('o')),
      maybe(protocol),
      maybe(fragment),
      maybe(mark),
      target,
    )
    .map((parts) => {
      const chain = parts[0];
      // A rule of these chains cannot name the interface that their packets do not have.
      const kept = parts.filter(
        (part, i) => !(i === 3 && chain === 'OUTPUT') && !(i === 4 && chain === 'INPUT') && part !== '',
      );
      return `-A ${kept.join(' ')}`;
    });
}

function rulesets(family: 4 | 6): fc.Arbitrary<string> {
  const policy = fc.constantFrom('ACCEPT', 'DROP');
  return fc
    .tuple(policy, policy, policy, fc.array(rule(family), { maxLength: 25 }))
    .map(([input, forward, output, rules]) =>
      [
        ...['*filter', `:INPUT ${input} [0:0]`, `:FORWARD ${forward} [0:0]`, `:OUTPUT ${output} [0:0]`],
        ...[':a - [0:0]', ':b - [0:0]', ':c - [0:0]', ...rules, 'COMMIT', ''],
      ].join('\n'),
    );
}

// -- random packets -----------------------------------------------------------------------------------------------

const word = fc.nat(255);
const tcpHeader = fc
  .tuple(fc.constantFrom(0, 22, 79, 80), fc.constantFrom(22, 25, 80, 443), word, fc.constantFrom(5, 6, 7, 4))
  .map(([source, destination, flags, length]) => [
    ...[source >> 8, source & 255, destination >> 8, destination & 255, 0, 0, 0, 1, 0, 0, 0, 0],
    ...[length << 4, flags, 0, 64, 0, 0, 0, 0, 2, 4, 5, 180, 1, 1, 4, 2],
  ]);
const payload = fc
  .tuple(tcpHeader, fc.constantFrom(0, 4, 19, 20, 24, 28))
  .map(([header, length]) => header.slice(0, length));

const packet4 = fc
  .tuple(
    fc.constantFrom([10, 0, 0, 1], [10, 0, 0, 2], [10, 0, 1, 1], [192, 0, 2, 1]),
    fc.constantFrom([10, 0, 0, 1], [10, 0, 1, 1]),
    fc.constantFrom(6, 6, 6, 17, 1),
    fc.constantFrom(0, 0, 0, 1, 100),
    payload,
  )
  .map(([source, destination, protocol, fragment, data]) => [
    ...[0x45, 0, 0, 20 + data.length, 0, 1, fragment >> 8, fragment & 255, 64, protocol, 0, 0],
    ...source,
    ...destination,
    ...data,
  ]);

const ip6 = (last: number, net = 0) => [0x20, 1, 0x0d, 0xb8, 0, net, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
const extension = fc.constantFrom(
  { header: 0, bytes: [0, 0, 1, 2, 0, 0, 0, 0] },
  { header: 43, bytes: [0, 0, 0, 0, 0, 0, 0, 0] },
  { header: 60, bytes: [0, 1, 1, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0] },
  { header: 44, bytes: [0, 0, 0, 0, 0, 0, 0, 9] },
  { header: 44, bytes: [0, 0, 0, 81, 0, 0, 0, 9] },
  { header: 51, bytes: [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1] },
);
const packet6 = fc
  .tuple(
    fc.constantFrom(ip6(1), ip6(2), ip6(1, 1)),
    fc.constantFrom(ip6(1), ip6(1, 1)),
    fc.constantFrom(6, 6, 17, 59),
    fc.array(extension, { maxLength: 2 }),
    payload,
    fc.constantFrom(0, 0, 0, 3),
  )
  .map(([source, destination, protocol, extensions, data, cut]) => {
    const headers = [...extensions.map(({ header }) => header), protocol];
    const bodies = extensions.flatMap(({ bytes }, i) => [headers[i + 1]!, ...bytes.slice(1)]);
    const all = [...bodies, ...data];
    const rest = all.slice(0, Math.max(0, all.length - cut));
    return [0x60, 0, 0, 0, 0, rest.length, headers[0]!, 64, ...source, ...destination, ...rest];
  });

function makePacket(family: 4 | 6, bytes: readonly number[], mark: number): Packet {
  const packet = new Packet();
  packet.reset();
  packet.family = family;
  packet.resize(bytes.length);
  packet.bytes.set(bytes, packet.network);
  packet.mark = mark;
  return packet;
}

describe.each([4, 6] as const)('IPv%s', (family) => {
  it('the compiled form and the plain interpreter agree on verdicts, counters and changes', {
    timeout: 120_000,
  }, () => {
    const bytes = family === 4 ? packet4 : packet6;
    const sending = fc.tuple(
      bytes,
      fc.constantFrom(1, 2, 3),
      fc.constantFrom(0, 1, 2, 3),
      fc.constantFrom([0, 2], [2, 0], [2, 3], [1, 1]) as fc.Arbitrary<[number, number]>,
    );
    fc.assert(
      fc.property(
        rulesets(family),
        fc.array(sending, { minLength: 1, maxLength: 12 }),
        (ruleset, packets) => {
          const fast = tables(family, ruleset, false);
          const plain = tables(family, ruleset, true);
          expect(fast.result).toEqual(plain.result);
          if (fast.result.exit !== 0) return;
          for (const [data, hook, mark, devices] of packets) {
            const one = makePacket(family, data, mark);
            const other = makePacket(family, data, mark);
            const verdict = send(fast.xtables, family, hook as 1, one, devices);
            expect(send(plain.xtables, family, hook as 1, other, devices)).toBe(verdict);
            expect(other.mark).toBe(one.mark);
          }
          const saved = runSave(fast.xtables, family, ['iptables-save', '-c'], 0).stdout;
          expect(runSave(plain.xtables, family, ['iptables-save', '-c'], 0).stdout).toBe(saved);
          // What is printed loads, and prints the same again.
          const again = tables(family, saved, false);
          expect(again.result.exit).toBe(0);
          const plainSave = (xtables: Xtables) => runSave(xtables, family, ['iptables-save'], 0).stdout;
          expect(plainSave(again.xtables)).toBe(plainSave(fast.xtables));
        },
      ),
      { numRuns: runs },
    );
  });
});

describe('what the plain interpreter explains', () => {
  const ruleset = `*filter
-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 443 -j ACCEPT
-A INPUT ! -i eth0 -j DROP
-A INPUT -p udp -j DROP
-A INPUT -m mark ! --mark 0x1/0xff -j ACCEPT
-A INPUT -f -j DROP
-A INPUT -p tcp -m tcp --tcp-flags SYN,ACK SYN -j ACCEPT
COMMIT
`;

  function missesOf(bytes: readonly number[], mark = 1): string[] {
    const hooks = new Hooks(new NumberedQueues());
    const misses: string[] = [];
    hooks.observer = {
      wantsMisses: true,
      missed: (_p, _t, _c, number, _r, why) => misses.push(`${number}: ${why.test} has ${why.value}`),
    };
    const xtables = makeXtables(hooks);
    runRestore(xtables, 4, ['iptables-restore'], ruleset);
    send(xtables, 4, 1, makePacket(4, bytes, mark), [2, 0]);
    return misses;
  }

  const tcp = [0, 80, 0, 22, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x10, 0, 64, 0, 0, 0, 0];
  const header = (fragment: number) => [
    ...[0x45, 0, 0, 40, 0, 1, 0, fragment, 64, 6, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1],
  ];

  it('is the first test that failed, in the words of the command line', () => {
    expect(missesOf([...header(0), ...tcp])).toEqual([
      '1: -m tcp --dport 443 has 22',
      '2: ! -i eth0 has eth0',
      '3: -p udp has tcp',
      '4: -m mark ! --mark 0x1/0xff has 0x1',
      '5: -f has no later fragment',
      '6: -m tcp --tcp-flags SYN,ACK SYN has ACK',
    ]);
  });

  it('says why a field is not there', () => {
    const misses = missesOf([...header(5), ...tcp]);
    expect(misses[0]).toBe('1: -m tcp --dport 443 has a later fragment has no ports');
  });
});

describe('a header that lies', () => {
  it('drops the packet in the midst of the chain', () => {
    const { xtables } = tables(
      4,
      '*filter\n-A INPUT -p tcp -m tcp --dport 1\n-A INPUT -j ACCEPT\nCOMMIT\n',
      false,
    );
    const bytes = [0x45, 0, 0, 24, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1, 0, 80, 0, 22];
    expect(send(xtables, 4, 1, makePacket(4, bytes, 0), [2, 0])).toBe(DROP);
  });
});
