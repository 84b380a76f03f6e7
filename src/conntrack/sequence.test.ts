import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Packet } from '../netfilter/packet.ts';
import { get32, set32 } from '../wire/bytes.ts';
import { checksum, pseudoSum4 } from '../wire/checksum.ts';
import { setTcpChecksum, setTcpFlags, tcpAcknowledgment, tcpSequence } from '../wire/tcp.ts';
import { Connection, INFO_ESTABLISHED, INFO_ESTABLISHED_REPLY } from './connection.ts';
import { adjustSequence, moveSequence, sequenceOffset } from './sequence.ts';
import { ORIGINAL } from './tuple.ts';

/** A segment with these options; its checksum is right. */
function segment(sequence: number, acknowledged: number, options: number[] = []): Packet {
  const packet = new Packet();
  packet.reset();
  packet.resize(40 + options.length);
  const { bytes, network } = packet;
  bytes.fill(0, network, packet.end);
  bytes[network] = 0x45;
  const offset = network + 20;
  bytes[offset + 12] = ((20 + options.length) / 4) << 4;
  bytes.set(options, offset + 20);
  set32(bytes, offset + 4, sequence);
  set32(bytes, offset + 8, acknowledged);
  setTcpFlags(bytes, offset, 0x10);
  setTcpChecksum(bytes, offset, checksumOf(packet));
  return packet;
}

function checksumOf({ bytes, network, end }: Packet): number {
  return checksum(bytes, network + 20, end, pseudoSum4(bytes, network, 6, end - network - 20));
}

describe('moved sequence numbers', () => {
  test('what comes behind a longer segment moves, and its acknowledgment moves back', () => {
    const connection = new Connection();
    moveSequence(connection, ORIGINAL, 1000, 5);
    expect([999, 1000, 1001].map((at) => sequenceOffset(connection, ORIGINAL, at))).toEqual([0, 0, 5]);
    const there = segment(1030, 77);
    expect(adjustSequence(there, there.network + 20, connection, INFO_ESTABLISHED)).toBe(true);
    expect(tcpSequence(there.bytes, there.network + 20)).toBe(1035);
    const back = segment(77, 1035, [1, 1, 5, 10, 0, 0, 4, 20, 0, 0, 4, 30]);
    expect(adjustSequence(back, back.network + 20, connection, INFO_ESTABLISHED_REPLY)).toBe(true);
    expect(tcpAcknowledgment(back.bytes, back.network + 20)).toBe(1030);
    expect(get32(back.bytes, back.network + 44)).toBe(1039);
    expect(checksumOf(back)).toBe(0);
  });

  test('the repetition of a segment moves nothing more', () => {
    const connection = new Connection();
    for (let i = 0; i < 3; i++) moveSequence(connection, ORIGINAL, 1000, 5);
    expect(sequenceOffset(connection, ORIGINAL, 2000)).toBe(5);
    moveSequence(connection, ORIGINAL, 3000, -7);
    expect(sequenceOffset(connection, ORIGINAL, 2000)).toBe(5);
    expect(sequenceOffset(connection, ORIGINAL, 4000)).toBe(-2);
  });

  test('options of any kind do no harm, and the checksum stays right', () => {
    const options = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(fc.integer(), fc.integer(), options, (sequence, offset, bytes) => {
        const connection = new Connection();
        moveSequence(connection, ORIGINAL, sequence, (offset % 100) + 1);
        const packet = segment(5, sequence, bytes);
        const { end } = packet;
        adjustSequence(packet, packet.network + 20, connection, INFO_ESTABLISHED_REPLY);
        expect(packet.end).toBe(end);
        // 0 and 0xffff are the same number to the sum.
        expect([0, 0xffff]).toContain(checksumOf(packet));
      }),
      { seed: 3 },
    );
  });
});
