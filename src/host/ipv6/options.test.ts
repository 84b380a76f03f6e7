import { describe, expect, it } from 'vitest';
import { Packet } from '../../netfilter/packet.ts';
import { OPTIONS_BAD, OPTIONS_PROBLEM, OPTIONS_READ, optionProblem, readOptions } from './options.ts';
import { ROUTER_ALERT } from './state.ts';

/** A packet with one options header behind the IPv6 header. */
function withOptions(hex: string, destination = '20010db8'): Packet {
  const packet = new Packet();
  packet.reset();
  const options = Buffer.from(hex, 'hex');
  packet.resize(40 + 2 + options.length);
  packet.bytes.fill(0, packet.network, packet.end);
  packet.bytes.set(Buffer.from(destination, 'hex'), packet.network + 24);
  packet.transport = packet.network + 40;
  packet.bytes[packet.transport + 1] = (options.length + 2) / 8 - 1;
  packet.bytes.set(options, packet.transport + 2);
  return packet;
}

describe('padding', () => {
  it.each([
    ['PadN', '010400000000', OPTIONS_READ],
    ['six Pad1', '000000000000', OPTIONS_READ],
    ['PadN with something in it', '010400000001', OPTIONS_BAD],
    ['more than seven bytes in a row', '0000000000000000000000000000', OPTIONS_BAD],
    ['longer than the header', '010500000000', OPTIONS_BAD],
    ['a last byte that is no Pad1', '000000000001', OPTIONS_BAD],
    ['seven bytes twice, something between', '01050000000000' + '1e056162636465', OPTIONS_READ],
  ])('%s', (_name, hex, result) => {
    expect(readOptions(withOptions(hex), true, 8)).toBe(result);
  });
});

describe('unknown options', () => {
  it.each([
    ['00: skipped', '1e0461626364', '2001', OPTIONS_READ],
    ['01: dropped', '5e0461626364', '2001', OPTIONS_BAD],
    ['10: reported', '9e0461626364', '2001', OPTIONS_PROBLEM],
    ['11: reported', 'de0461626364', '2001', OPTIONS_PROBLEM],
    ['10 in multicast: reported', '9e0461626364', 'ff02', OPTIONS_PROBLEM],
    ['11 in multicast: dropped', 'de0461626364', 'ff02', OPTIONS_BAD],
  ])('%s', (_name, hex, destination, result) => {
    expect(readOptions(withOptions(hex, destination), false, 8)).toBe(result);
    if (result === OPTIONS_PROBLEM) expect(optionProblem).toEqual({ code: 2, pointer: 42 });
  });

  it('are refused without a word if the limit is negative', () => {
    expect(readOptions(withOptions('9e0461626364'), false, -8)).toBe(OPTIONS_BAD);
  });

  it('may be as many as the limit says', () => {
    const eight = `${'1e00'.repeat(8)}010400000000`;
    expect(readOptions(withOptions(eight), true, 8)).toBe(OPTIONS_READ);
    expect(readOptions(withOptions(eight), true, 7)).toBe(OPTIONS_BAD);
  });
});

describe('hop-by-hop options', () => {
  it('notes a router alert of the right length', () => {
    const packet = withOptions('050200000100');
    expect(readOptions(packet, true, 8)).toBe(OPTIONS_READ);
    expect(packet.flags & ROUTER_ALERT).toBe(ROUTER_ALERT);
    expect(readOptions(withOptions('050300000000'), true, 8)).toBe(OPTIONS_BAD);
  });

  it('reports a jumbo payload that is none', () => {
    expect(readOptions(withOptions('c20400000000'), true, 8)).toBe(OPTIONS_PROBLEM);
    expect(optionProblem).toEqual({ code: 0, pointer: 44 });
    const both = withOptions('c20400010000');
    both.bytes[both.network + 5] = 8;
    expect(readOptions(both, true, 8)).toBe(OPTIONS_PROBLEM);
    expect(optionProblem).toEqual({ code: 0, pointer: 42 });
    expect(readOptions(withOptions('c20400010000'), true, 8)).toBe(OPTIONS_BAD);
  });

  it('knows CALIPSO and IOAM only there', () => {
    expect(readOptions(withOptions('310400000000'), true, 8)).toBe(OPTIONS_BAD);
    expect(readOptions(withOptions('310400000000'), false, 8)).toBe(OPTIONS_READ);
    expect(readOptions(withOptions('010031020000'), true, 8)).toBe(OPTIONS_READ);
    expect(readOptions(withOptions('070400000000'), true, 8)).toBe(OPTIONS_BAD);
    expect(readOptions(withOptions('070400000000'), false, 8)).toBe(OPTIONS_READ);
  });
});
