import { expect, test } from 'vitest';
import { readHostDescription } from '../../formats/host-description.ts';
import { HostTemplate } from '../../formats/host-template.ts';
import { readTestFile } from './read.ts';
import { type CaseResult, runCase } from './run.ts';

const template = new HostTemplate(
  readHostDescription({
    interfaces: [
      { name: 'lan0', addresses: ['192.0.2.1/24'] },
      { name: 'wan0', addresses: ['203.0.113.1/24'] },
    ],
    routes: ['default via 203.0.113.254 dev wan0'],
    sysctls: { 'net.ipv4.ip_forward': '1' },
    ipset: 'create blocked hash:net\nadd blocked 198.51.100.64/26\n',
    iptables: `*nat
-A PREROUTING -i wan0 -p tcp -m multiport --dports 80,443 -j DNAT --to-destination 192.0.2.80
-A POSTROUTING -o wan0 -j MASQUERADE
COMMIT
*filter
:FORWARD DROP [0:0]
-A FORWARD -m set --match-set blocked src -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i lan0 -o wan0 -j ACCEPT
-A FORWARD -i wan0 -d 192.0.2.80/32 -p tcp -m multiport --dports 80,443 -j ACCEPT
-A FORWARD -i wan0 -j LOG --log-prefix "refused: "
COMMIT
`,
  }),
);

function run(fields: object): CaseResult {
  const file = readTestFile({ tests: [{ name: 'case', ...fields }] });
  return runCase(file.cases[0]!, template);
}

test('a packet, with every boundary of ranges and sets', () => {
  const result = run({
    packet: 'tcp 198.51.100.{1-20}:{1024-65535} > 203.0.113.1:{80,443} syn',
    in: 'wan0',
    expect: {
      verdict: 'forward',
      out: 'lan0',
      destination: '192.0.2.80:1-1023',
      rule: 'FORWARD 4',
      passes: 'nat PREROUTING 1',
      state: 'NEW',
      counters: { 'FORWARD 4': 1, 'FORWARD 3': 0 },
    },
  });
  expect(result).toMatchObject({ tries: 18, failures: [] });
  const blocked = { packet: 'tcp {set:blocked}:4000 > 203.0.113.1:80', in: 'wan0', expect: 'drop' };
  expect(run(blocked)).toMatchObject({ tries: 3, failures: [] });
});

test('a conversation: each side answers what it really got', () => {
  const result = run({
    steps: [
      {
        handshake: 'tcp 192.0.2.10:40000 > 198.51.100.7:443',
        in: 'lan0',
        expect: { source: '203.0.113.1:40000' },
      },
      { again: '"hello"', expect: { out: 'wan0', state: 'ESTABLISHED' } },
      {
        reply: '"answer"',
        expect: { out: 'lan0', source: '198.51.100.7:443', destination: '192.0.2.10:40000' },
      },
      { again: '"more"', expect: { connection: { state: 'ESTABLISHED', assured: true, replied: true } } },
      { wait: '5d' },
      { packet: 'tcp 198.51.100.7:443 > 203.0.113.1:40000 ack', in: 'wan0', expect: { verdict: 'drop' } },
    ],
  });
  expect(result.failures[0]?.differences).toBeUndefined();
  expect(result.problem).toBeUndefined();
});

test('an ICMP error about what left comes back to the sender', () => {
  const result = run({
    steps: [
      { packet: 'udp 192.0.2.10:4000 > 198.51.100.7:53 "x"', in: 'lan0', expect: 'forward' },
      { error: 'port-unreachable', expect: { out: 'lan0', state: 'RELATED', destination: '192.0.2.10' } },
    ],
  });
  expect(result).toMatchObject({ failures: [] });
});

test('a failure says what was expected, what came, and why the rule did not match', () => {
  const result = run({
    packet: 'tcp 198.51.100.7:4000 > 192.0.2.80:22 syn',
    in: 'wan0',
    expect: { verdict: 'forward', rule: 'FORWARD 4', log: 'none' },
  });
  const [failure] = result.failures;
  expect(failure?.differences.map(({ field }) => field)).toEqual(['verdict', 'rule', 'log']);
  expect(failure?.differences[0]?.got).toContain('drop (dropped by the policy of filter FORWARD)');
  expect(failure?.explanation[0]).toBe(
    'FORWARD 4 did not match: -m multiport --dports 80,443: the packet has 22',
  );
});

test('cases know nothing of one another', () => {
  const once = {
    packet: 'udp 192.0.2.10:4000 > 198.51.100.7:53',
    in: 'lan0',
    expect: { counters: { 'FORWARD 3': 1 } },
  };
  for (let i = 0; i < 3; i++) expect(run(once).failures).toEqual([]);
});

test.each([
  [{ packet: 'tcp 1.2.3.4 > 5.6.7.8', in: 'eth9' }, "the host has no device 'eth9'"],
  [{ packet: 'tcp {port} > 5.6.7.8', in: 'wan0' }, '{port}: no hole of this case has the name'],
  [{ packet: 'tcp {set:nosuch} > 5.6.7.8', in: 'wan0' }, "the host has no set 'nosuch'"],
  [{ packet: 'tpc 1.2.3.4 > 5.6.7.8', in: 'wan0' }, 'column 1'],
  [{ steps: [{ reply: true }] }, 'nobody can reply'],
  [{ run: 'iptables -A NOSUCH' }, 'No chain/target/match by that name'],
])('%j cannot be tried', (fields, text) => expect(run(fields).problem?.text).toContain(text));

test.each([
  [{ packet: 'x', send: 'y' }, 'has one of packet, handshake'],
  [{}, "case 'case' needs one of packet"],
  [{ packet: 'x', uid: 5 }, "'uid' does not go with 'packet'"],
  [{ packet: 'x', expect: 'fordward' }, "is 'forward' meant?"],
  [{ packet: 'x', expect: { rule: 'three' } }, "'three' names no rule"],
  [{ packet: 'x', expect: { source: '10.0.0.300' } }, "'10.0.0.300' is no address"],
  [{ wait: 'soon' }, 'must be seconds'],
])('%j is refused', (fields, text) => expect(() => run(fields)).toThrow(text));
