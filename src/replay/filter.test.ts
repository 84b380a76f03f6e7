import { describe, expect, it } from 'vitest';
import { parsePacket } from '../formats/packet-language/index.ts';
import type { End } from '../journey/journey.ts';
import { viewOf } from '../testing/cases/packet-view.ts';
import { type Filtered, FilterProblem, readFilter } from './filter.ts';

const END: End = {
  kind: 'dropped',
  by: {
    table: 'filter',
    chain: 'FORWARD',
    number: 3,
    outcome: 'matched',
    rule: '-A FORWARD -p tcp -m comment --comment "no telnet" -j DROP',
  },
  devices: [],
  text: 'dropped by rule 3 of filter FORWARD: -A FORWARD -p tcp -m comment --comment "no telnet" -j DROP',
};

function packet(text = 'tcp 198.51.100.7:40000 > 192.0.2.80:23 syn', end = END): Filtered {
  return { end, device: 'wan0', record: 7, view: () => viewOf(parsePacket(text).packet!) };
}

describe('a filter', () => {
  it.each([
    'all',
    'dropped',
    'not sent',
    '! delivered',
    'in wan0',
    'proto tcp',
    'proto 6',
    'port 23',
    'port 20-25',
    'port 40000',
    'host 198.51.100.7',
    'host 192.0.2.0/24',
    'src 198.51.100.0/24',
    'dst 192.0.2.80:23',
    'rule "FORWARD 3"',
    'rule "comment: no telnet"',
    'rule /telnet/',
    'reason telnet',
    'reason /TELNET/i',
    'record 7',
    'record 1-9',
    'dropped in wan0 proto tcp not port 22',
  ])('%s', (text) => {
    expect(readFilter(text)(packet())).toBe(true);
    expect(readFilter(`not none ${text}`)(packet())).toBe(true);
  });

  it.each([
    'none',
    'sent',
    'in lan0',
    'out wan0',
    'proto udp',
    'port 80',
    'dst 192.0.2.80:24',
    'rule "FORWARD 4"',
    'rule "policy FORWARD"',
    'record 8-9',
    'dropped port 80',
  ])('not %s', (text) => {
    expect(readFilter(text)(packet())).toBe(false);
  });

  it('asks IPv6 and packets without ports', () => {
    const six = packet('icmp6 2001:db8::1 > 2001:db8::2 echo-request');
    expect(readFilter('proto icmp6 host 2001:db8::/32')(six)).toBe(true);
    expect(readFilter('port 0-65535')(six)).toBe(false);
    expect(readFilter('host 0.0.0.0/0')({ ...six, view: () => undefined })).toBe(false);
  });

  it.each([
    ['', 'it is empty; there are '],
    ['droped', "'droped' is no word of a filter; there are sent, delivered, dropped"],
    ['not', "'' is no word of a filter"],
    ['in', "'in' needs DEVICE behind it"],
    ['toString', "'toString' is no word"],
    ['port x', "port: 'x' is no port"],
    ['host 300.1.1.1', "host: '300.1.1.1' is no address"],
    ['proto ospf', 'proto ospf: write icmp, tcp, udp'],
    ['rule x', "rule: 'x' names no rule"],
    ['reason /(/', 'reason: /(/ is no expression'],
    ['record x', 'record x: write a number'],
    ['reason "x', 'is not closed'],
  ])('%s is refused', (text, message) => {
    expect(() => readFilter(text)).toThrow(FilterProblem);
    expect(() => readFilter(text)).toThrow(message);
  });
});
