import { describe, expect, it } from 'vitest';
import { FORWARD, INPUT, OUTPUT, POSTROUTING, PREROUTING } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Route } from '../netfilter/services.ts';
import { ACCEPT, DROP, queueTo, STOLEN } from '../netfilter/verdict.ts';
import { Stage } from './journey.fixture.ts';
import type { HookStep, Journey } from './journey.ts';
import { JourneySummary } from './summary.ts';
import { journeyText, plainText, type TextOptions } from './text.ts';

const SYN = 'tcp 198.51.100.7:40000 > 203.0.113.1:23 syn ttl 64';
const ROUTE: Route = { type: 1, outDevice: 2, mtu: 1500, realm: 0 };

const text = (journey: Journey | undefined, options?: TextOptions): string =>
  plainText(journeyText(journey!, options));

function hookStep(journey: Journey | undefined, index = 0): HookStep {
  return journey!.steps.filter((step) => step.kind === 'hook')[index]!;
}

/** Carries a packet through filter FORWARD, whose rules are given as text; the one called `match` decides. */
function forward(
  stage: Stage,
  packet: Packet,
  rules: readonly [rule: string, test: string, value: string][],
): void {
  const { recorder } = stage;
  recorder.arrive(packet, 1);
  recorder.route(packet, ROUTE, 'main: 203.0.113.0/24 dev wan0');
  packet.bytes[packet.network + 8]!--;
  recorder.enter(packet, FORWARD, 'iptable_filter', 0);
  for (const [index, [rule, test, value]] of rules.entries()) {
    if (test === '') {
      recorder.step(packet, 'filter', 'FORWARD', 'rule', index + 1);
      recorder.matched(packet, 'filter', 'FORWARD', index + 1, rule);
    } else {
      recorder.missed(packet, 'filter', 'FORWARD', index + 1, rule, { test, value });
    }
  }
}

describe('a packet that a rule drops', () => {
  const stage = new Stage();
  const packet = stage.packet(SYN);
  forward(stage, packet, [
    ['-A FORWARD -p udp -m udp --dport 53 -j ACCEPT', '-p udp', 'tcp'],
    ['-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT', '-m tcp --dport 80', '23'],
    ['-A FORWARD -p tcp -m tcp --dport 23 -j DROP', '', ''],
  ]);
  stage.recorder.leave(packet, FORWARD, 'iptable_filter', DROP);
  stage.recorder.drop(packet, 'iptable_filter', 'verdict DROP');
  const [journey] = stage.recorder.take();

  it('reads as its way, line by line, and ends with the rule', () => {
    expect(text(journey)).toBe(
      [
        'tcp 198.51.100.7:40000 > 203.0.113.1:23 syn arrives at lan0',
        'routing → wan0  main: 203.0.113.0/24 dev wan0',
        '  ttl 64 → 63',
        'FORWARD',
        '  filter FORWARD',
        '    ✗  1  -p udp -m udp --dport 53 -j ACCEPT   -p udp, but tcp',
        '    ✗  2  -p tcp -m tcp --dport 80 -j ACCEPT   -m tcp --dport 80, but 23',
        '    ✓  3  -p tcp -m tcp --dport 23 -j DROP',
        'dropped by rule 3 of filter FORWARD: -A FORWARD -p tcp -m tcp --dport 23 -j DROP',
        '',
      ].join('\n'),
    );
  });

  it('tells counters to those who ask', () => {
    expect(text(journey, { verbose: true })).toContain(
      '    ✓  3  -p tcp -m tcp --dport 23 -j DROP   [3:300]\n',
    );
  });

  it('is plain data', () => {
    expect(JSON.parse(JSON.stringify(journey))).toEqual(journey);
    expect(journey).toMatchObject({
      packet: 1,
      time: 5_000_000,
      family: 4,
      origin: { kind: 'arrived', device: 'lan0' },
      summary: 'tcp 198.51.100.7:40000 > 203.0.113.1:23 syn',
      line: 'tcp 198.51.100.7:40000 > 203.0.113.1:23 syn',
      end: { kind: 'dropped', by: { table: 'filter', chain: 'FORWARD', number: 3, outcome: 'matched' } },
    });
    expect(journey).not.toHaveProperty('cause');
    expect(hookStep(journey)).toMatchObject({
      hook: 'FORWARD',
      name: 'iptable_filter',
      priority: 0,
      verdict: 'DROP',
      asked: [
        { number: 1, outcome: 'missed', test: '-p udp', value: 'tcp' },
        { number: 2, outcome: 'missed', test: '-m tcp --dport 80', value: '23' },
        {
          number: 3,
          outcome: 'matched',
          rule: '-A FORWARD -p tcp -m tcp --dport 23 -j DROP',
          packets: 3,
          bytes: 300,
        },
      ],
    });
  });
});

describe('what changed', () => {
  it('belongs to the rule whose target did it, and checksums only to those who ask', () => {
    const stage = new Stage();
    const { recorder } = stage;
    const packet = stage.packet(SYN);
    recorder.arrive(packet, 1);
    recorder.enter(packet, PREROUTING, 'iptable_mangle', -150);
    recorder.step(packet, 'mangle', 'PREROUTING', 'rule', 1);
    recorder.matched(packet, 'mangle', 'PREROUTING', 1, '-A PREROUTING -j TOS --set-tos 0x10/0x3f');
    packet.bytes[packet.network + 1] = 0x10;
    packet.bytes[packet.network + 11]! ^= 0x10;
    recorder.step(packet, 'mangle', 'PREROUTING', 'rule', 2);
    recorder.matched(packet, 'mangle', 'PREROUTING', 2, '-A PREROUTING -j MARK --set-mark 7');
    packet.mark = 7;
    recorder.step(packet, 'mangle', 'PREROUTING', 'policy', 3);
    recorder.leave(packet, PREROUTING, 'iptable_mangle', ACCEPT);
    const [journey] = recorder.take();
    expect(hookStep(journey).asked[0]?.changes?.filter(({ computed }) => !computed)).toEqual([
      { field: 'ip.tos', before: '0x0', after: '0x10', computed: false },
    ]);
    expect(hookStep(journey).asked[1]?.changes).toEqual([
      { field: 'mark', before: '0x0', after: '0x7', computed: false },
    ]);
    expect(text(journey)).toContain('✓  2  -j MARK --set-mark 7\n          mark 0x0 → 0x7\n');
    expect(text(journey)).not.toContain('checksum');
    expect(text(journey, { verbose: true })).toContain('ip.checksum');
  });

  it("belongs to a user's function, too", () => {
    const stage = new Stage();
    const { recorder } = stage;
    const packet = stage.packet('udp 10.0.0.1:1 > 10.0.0.2:2 "hello"');
    recorder.arrive(packet, 1);
    recorder.enter(packet, INPUT, 'my function', 7);
    packet.bytes[packet.network + 31] = 0x21;
    recorder.leave(packet, INPUT, 'my function', ACCEPT);
    const [journey] = recorder.take();
    expect(hookStep(journey).changes).toEqual([
      { field: 'payload', before: 'hex:68656c6c6f', after: 'hex:68656c216f', computed: false },
    ]);
    expect(text(journey)).toContain(
      '  my function (priority 7)  ACCEPT\n    payload hex:68656c6c6f → hex:68656c216f\n',
    );
  });

  it('names what comes and goes', () => {
    const stage = new Stage();
    const { recorder } = stage;
    const packet = stage.packet('udp 10.0.0.1:1 > 10.0.0.2:2');
    recorder.arrive(packet, 1);
    packet.bytes[packet.network + 9] = 99;
    recorder.deliver(packet, 'nobody');
    const [journey] = recorder.take();
    expect(text(journey)).toMatch(/ip.proto|udp.sport 1 → \(none\)/);
  });
});

describe('chains', () => {
  it('stand further in than those that call them, and the caller is named on the way back', () => {
    const stage = new Stage();
    const { recorder } = stage;
    const packet = stage.packet(SYN);
    recorder.arrive(packet, 1);
    recorder.enter(packet, FORWARD, 'iptable_filter', 0);
    const rule = (chain: string, number: number, spec: string) => {
      recorder.step(packet, 'filter', chain, 'rule', number);
      recorder.matched(packet, 'filter', chain, number, `-A ${chain} ${spec}`);
    };
    rule('FORWARD', 1, '-j logs');
    rule('logs', 1, '-j LOG --log-prefix "x "');
    recorder.log('<4>x IN=lan0');
    recorder.step(packet, 'filter', 'logs', 'return', 2);
    rule('FORWARD', 2, '-p tcp -j more');
    rule('more', 1, '-j RETURN');
    recorder.step(packet, 'filter', 'FORWARD', 'policy', 3);
    recorder.leave(packet, FORWARD, 'iptable_filter', DROP);
    recorder.drop(packet, 'iptable_filter', 'verdict DROP');
    const [journey] = recorder.take();
    expect(text(journey)).toBe(
      [
        'tcp 198.51.100.7:40000 > 203.0.113.1:23 syn arrives at lan0',
        'FORWARD',
        '  filter FORWARD',
        '    ✓  1  -j logs',
        '    filter logs',
        '      ✓  1  -j LOG --log-prefix "x "',
        '            log  x IN=lan0',
        '  back in FORWARD',
        '    ✓  2  -p tcp -j more',
        '    filter more',
        '      ✓  1  -j RETURN',
        '  back in FORWARD',
        '          policy DROP',
        'dropped by the policy of filter FORWARD',
        '',
      ].join('\n'),
    );
  });

  it('with nothing in them take one line', () => {
    const stage = new Stage();
    const { recorder } = stage;
    const packet = stage.packet(SYN);
    recorder.arrive(packet, 1);
    recorder.enter(packet, PREROUTING, 'iptable_mangle', -150);
    recorder.step(packet, 'mangle', 'PREROUTING', 'policy', 1);
    recorder.leave(packet, PREROUTING, 'iptable_mangle', ACCEPT);
    expect(text(recorder.take()[0])).toContain('PREROUTING\n  mangle PREROUTING  no rules, policy ACCEPT\n');
  });
});

describe('a long row of rules that do not match', () => {
  const rules: [string, string, string][] = Array.from({ length: 40 }, (_, index) =>
    index === 17
      ? ['-A FORWARD -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j ACCEPT', '-m tcp --dport 22', '23']
      : [
          `-A FORWARD -s 10.0.${index}.0/24 -p tcp -m tcp --dport 23 -j ACCEPT`,
          `-s 10.0.${index}.0/24`,
          '198.51.100.7',
        ],
  );
  const stage = new Stage();
  const packet = stage.packet(SYN);
  forward(stage, packet, rules);
  stage.recorder.step(packet, 'filter', 'FORWARD', 'policy', 41);
  stage.recorder.leave(packet, FORWARD, 'iptable_filter', ACCEPT);
  const [journey] = stage.recorder.take();

  it('is folded to those that came nearest', () => {
    const lines = text(journey).split('\n');
    expect(lines.filter((line) => line.includes('✗')).length).toBe(5);
    expect(lines).toContain(
      '    ✗ 18  -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j ACCEPT   -m tcp --dport 22, but 23',
    );
    expect(lines).toContain('    ✗  …  36 more of rules 1 to 40 do not match (36 by -s)');
  });

  it('is told in full to those who ask', () => {
    const full = text(journey, { verbose: true });
    expect(full.match(/✗/g)?.length).toBe(40);
    expect(full).not.toContain('…');
  });

  it('wraps where it would be too long', () => {
    const narrow = text(journey, { width: 60 }).split('\n');
    const at = narrow.findIndex((line) => line.includes('--dport 22 -j ACCEPT'));
    expect(narrow[at + 1]).toBe('          -m tcp --dport 22, but 23');
  });
});

describe('packets that were caused', () => {
  const stage = new Stage();
  const { recorder } = stage;
  const packet = stage.packet(SYN);
  recorder.arrive(packet, 1);
  recorder.enter(packet, INPUT, 'iptable_filter', 0);
  recorder.step(packet, 'filter', 'INPUT', 'rule', 1);
  recorder.matched(packet, 'filter', 'INPUT', 1, '-A INPUT -p tcp -j REJECT --reject-with tcp-reset');
  const answer = stage.ipOnly('tcp 203.0.113.1:23 > 198.51.100.7:40000 rst,ack', packet.id);
  recorder.create(answer, 'TCP reset');
  recorder.enter(answer, OUTPUT, 'iptable_filter', 0);
  recorder.step(answer, 'filter', 'OUTPUT', 'policy', 1);
  recorder.leave(answer, OUTPUT, 'iptable_filter', ACCEPT);
  answer.link = answer.network - 14;
  recorder.transmit(answer, 1);
  recorder.leave(packet, INPUT, 'iptable_filter', DROP);
  recorder.drop(packet, 'iptable_filter', 'verdict DROP');
  const journeys = recorder.take();

  it('lie in the journey of their cause', () => {
    expect(journeys.length).toBe(1);
    expect(journeys[0]?.caused.map(({ packet, cause, end }) => ({ packet, cause, end: end.text }))).toEqual([
      { packet: 2, cause: 1, end: 'sent by lan0, accepted by the policy of filter OUTPUT' },
    ]);
  });

  it('are told after it', () => {
    const lines = text(journeys[0]).split('\n');
    expect(lines).toContain('  makes tcp 203.0.113.1:23 > 198.51.100.7:40000 rst,ack');
    expect(lines).toContain(
      'rejected by rule 1 of filter INPUT: -A INPUT -p tcp -j REJECT --reject-with tcp-reset',
    );
    expect(lines).toContain('because of it: tcp 203.0.113.1:23 > 198.51.100.7:40000 rst,ack  (TCP reset)');
    expect(lines.at(-2)).toBe('sent by lan0, accepted by the policy of filter OUTPUT');
  });

  it('are counted', () => {
    const summary = new JourneySummary();
    summary.add(journeys[0]!);
    summary.add(journeys[0]!);
    expect(plainText(summary.lines())).toBe(
      [
        '2 packets: 2 dropped; the host made 2',
        '     2  dropped by rule 1 of filter INPUT: -A INPUT -p tcp -j REJECT --reject-with tcp-reset',
        '',
      ].join('\n'),
    );
    expect(summary.data()).toMatchObject({ packets: 2, ends: { dropped: 2 }, made: 2 });
  });
});

describe('the end of a journey', () => {
  const cases: [string, (stage: Stage, packet: Packet) => void, string][] = [
    ['sent', ({ recorder }, packet) => recorder.transmit(packet, 2), 'sent by wan0'],
    [
      'in fragments',
      ({ recorder }, packet) => {
        recorder.fragment(packet, '2 fragments of at most 600 bytes');
        recorder.transmit(packet, 2);
        recorder.transmit(packet, 2);
      },
      'sent by wan0 in 2 frames',
    ],
    ['delivered', ({ recorder }, packet) => recorder.deliver(packet, 'UDP socket'), 'delivered: UDP socket'],
    [
      'dropped by the path',
      ({ recorder }, packet) => recorder.drop(packet, 'routing', 'martian source'),
      'dropped: martian source (routing)',
    ],
    [
      'waiting for a neighbour',
      ({ recorder }, packet) => recorder.wait(packet, 'neighbour 192.0.2.7'),
      'waits: neighbour 192.0.2.7',
    ],
    [
      'dropped by a function',
      ({ recorder }, packet) => {
        recorder.enter(packet, POSTROUTING, 'mine', 5);
        recorder.leave(packet, POSTROUTING, 'mine', DROP);
        recorder.drop(packet, 'mine', 'verdict DROP');
      },
      'dropped by mine at POSTROUTING',
    ],
    [
      'stolen',
      ({ recorder }, packet) => {
        recorder.enter(packet, POSTROUTING, 'mine', 5);
        recorder.leave(packet, POSTROUTING, 'mine', STOLEN);
      },
      'taken by mine at POSTROUTING (STOLEN)',
    ],
    [
      'queued',
      ({ recorder }, packet) => {
        recorder.enter(packet, POSTROUTING, 'mine', 5);
        recorder.leave(packet, POSTROUTING, 'mine', queueTo(3));
        recorder.wait(packet, 'queue 3');
      },
      'waits: queue 3',
    ],
    ['nothing', () => {}, 'taken by the host itself'],
  ];
  it.each(cases)('%s', (_name, happen, wanted) => {
    const stage = new Stage();
    const packet = stage.packet(SYN);
    stage.recorder.arrive(packet, 1);
    happen(stage, packet);
    const [journey] = stage.recorder.take();
    expect(journey?.end.text).toBe(wanted);
    expect(text(journey).split('\n').at(-2)).toBe(wanted);
  });
});

describe('packets that wait', () => {
  it('go on under their own number after their journey was handed out', () => {
    const stage = new Stage();
    const { recorder } = stage;
    const packet = stage.packet(SYN);
    recorder.arrive(packet, 1);
    recorder.wait(packet, 'neighbour 192.0.2.7');
    expect(recorder.take()[0]?.end.kind).toBe('waiting');
    recorder.transmit(packet, 2);
    const [journey] = recorder.take();
    expect(journey).toMatchObject({
      packet: packet.id,
      origin: { kind: 'resumed' },
      end: { text: 'sent by wan0' },
    });
    expect(text(journey)).toMatch(/^tcp .* syn goes on\n/);
  });

  it('are counted by what becomes of them at last, and cause what is made because of it', () => {
    const stage = new Stage();
    const { recorder } = stage;
    const summary = new JourneySummary();
    const packet = stage.packet(SYN);
    recorder.arrive(packet, 1);
    recorder.wait(packet, 'neighbour 192.0.2.7');
    const question = stage.packet('arp who-has 192.0.2.7 tell 192.0.2.1');
    question.etherType = 0x0806;
    recorder.create(question, 'ARP request');
    recorder.transmit(question, 2);
    const [first] = recorder.take();
    expect(first?.caused[0]).toMatchObject({ summary: 'arp who-has 192.0.2.7 tell 192.0.2.1', cause: 1 });
    summary.add(first!);
    expect(summary.data()).toMatchObject({ packets: 1, ends: { waiting: 1 }, made: 1 });
    const error = stage.ipOnly('icmp 192.0.2.1 > 198.51.100.7 host-unreachable', packet.id);
    recorder.create(error, 'ICMP error');
    recorder.transmit(error, 1);
    recorder.drop(packet, 'neighbour', '192.0.2.7 does not answer');
    const journeys = recorder.take();
    expect(journeys.length).toBe(1);
    expect(journeys[0]).toMatchObject({ packet: 1, end: { kind: 'dropped' }, caused: [{ cause: 1 }] });
    summary.add(journeys[0]!, false);
    expect(summary.data()).toMatchObject({ packets: 1, ends: { dropped: 1 }, made: 2 });
    expect(summary.data().ends).not.toHaveProperty('waiting');
  });

  it('are not remembered without a bound', () => {
    const stage = new Stage();
    const { recorder } = stage;
    for (let round = 0; round < 5000; round++) {
      recorder.wait(stage.packet(SYN), 'queue 1');
      recorder.take();
    }
    const late = stage.packet(SYN);
    late.id = 1;
    recorder.transmit(late, 2);
    expect(recorder.take()[0]?.origin).toEqual({ kind: 'made', why: 'by the host' });
  });
});
