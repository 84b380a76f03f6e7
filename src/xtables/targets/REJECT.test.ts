import { expect, test } from 'vitest';
import { printPacket } from '../../formats/packet-language/index.ts';
import { bench } from '../extension.fixture.ts';

function answers(rule: string, packet: string): string[] {
  const { host, run, receive } = bench();
  const sent: string[] = [];
  host.transmit = (device, frame) => sent.push(`${device} ${printPacket(frame.subarray(14))}`);
  run(rule);
  receive(packet);
  return sent;
}

const UDP = 'udp 192.0.2.10:4000 > 203.0.113.9:53';

test('port unreachable if nothing else is said', () => {
  expect(answers('iptables -A FORWARD -j REJECT', UDP)).toEqual([
    expect.stringMatching(/^lan0 icmp .*port-unreachable/),
  ]);
});

test('nothing is said about later fragments, wrong checksums and ICMP errors', () => {
  const rule = 'iptables -A FORWARD -j REJECT';
  expect(answers(rule, `${UDP} offset 8`)).toEqual([]);
  expect(answers(rule, `${UDP} checksum 0x1234`)).toEqual([]);
  expect(
    answers(rule, 'icmp 192.0.2.10 > 203.0.113.9 port-unreachable { udp 203.0.113.9:1 > 192.0.2.10:2 }'),
  ).toEqual([]);
});

test('a reset answers a segment with the number that its sender awaits', () => {
  const rule = 'iptables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset';
  const [syn] = answers(rule, 'tcp 192.0.2.10:4000 > 203.0.113.9:80 syn seq 7');
  expect(syn).toMatch(/^lan0 tcp 203.0.113.9:80 > 192.0.2.10:4000 rst,ack.* ack 8\b/);
  const [data] = answers(rule, 'tcp 192.0.2.10:4000 > 203.0.113.9:80 ack seq 7 ack 99');
  expect(data).toMatch(/^lan0 tcp 203.0.113.9:80 > 192.0.2.10:4000 rst .*seq 99\b/);
  expect(answers(rule, 'tcp 192.0.2.10:4000 > 203.0.113.9:80 rst seq 7')).toEqual([]);
});

test('IPv6 alike', () => {
  const [error] = answers(
    'ip6tables -A FORWARD -j REJECT --reject-with icmp6-adm-prohibited',
    'udp [2001:db8:1::10]:1 > [2001:db8:2::9]:2',
  );
  expect(error).toMatch(/^lan0 icmp6 .* > 2001:db8:1::10 /);
  const [reset] = answers(
    'ip6tables -A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
    'tcp [2001:db8:1::10]:1 > [2001:db8:2::9]:2 syn seq 7',
  );
  expect(reset).toMatch(/rst,ack.* ack 8\b/);
});
