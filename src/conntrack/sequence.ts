import type { Packet } from '../netfilter/packet.ts';
import { get32, set32 } from '../wire/bytes.ts';
import { updateChecksum32 } from '../wire/checksum.ts';
import {
  setTcpAcknowledgment,
  setTcpChecksum,
  setTcpSequence,
  TCP_LENGTH,
  TCP_OPTION_END,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK,
  TCP_OPTIONS_AT,
  tcpAcknowledgment,
  tcpChecksum,
  tcpHeaderLength,
  tcpSequence,
} from '../wire/tcp.ts';
import { type Connection, infoDirection, STATUS } from './connection.ts';
import type { Direction } from './tuple.ts';

/**
 * How far a helper's rewriting has moved the sequence numbers of one direction (struct nf_ct_seqadj).
 * All are unsigned 32-bit but the offsets, which are signed.
 */
export interface SequenceAdjustment {
  /** Sequence number from which `offsetAfter` holds. */
  correctionPosition: number;
  offsetBefore: number;
  offsetAfter: number;
}

const SACK_BLOCK = 8;

function none(): SequenceAdjustment {
  return { correctionPosition: 0, offsetBefore: 0, offsetAfter: 0 };
}

/** Whether sequence number `a` comes behind `b`. */
function isAfter(a: number, b: number): boolean {
  return ((b - a) | 0) < 0;
}

/**
 * The packet with this sequence number has become longer by `offset` bytes (shorter, if negative): what its sender says
 * afterwards moves. Only one change is known at a time; the repetition of a packet changes nothing.
 * (net/netfilter/nf_conntrack_seqadj.c nf_ct_seqadj_set)
 */
export function moveSequence(
  connection: Connection,
  direction: Direction,
  sequence: number,
  offset: number,
): void {
  if (offset === 0) return;
  connection.status |= STATUS.SEQ_ADJUST;
  if (connection.sequence === undefined) connection.sequence = [none(), none()];
  const way = connection.sequence[direction];
  if (way.offsetBefore !== way.offsetAfter && !isAfter(sequence, way.correctionPosition)) return;
  way.correctionPosition = sequence >>> 0;
  way.offsetBefore = way.offsetAfter;
  way.offsetAfter = (way.offsetAfter + offset) | 0;
}

/** What is said in a direction moves by `offset` from the beginning on; 0 leaves it as it was. (nf_ct_seqadj_init) */
export function initSequence(connection: Connection, direction: Direction, offset: number): void {
  if ((offset | 0) === 0) return;
  connection.status |= STATUS.SEQ_ADJUST;
  if (connection.sequence === undefined) connection.sequence = [none(), none()];
  const way = connection.sequence[direction];
  way.offsetBefore = offset | 0;
  way.offsetAfter = offset | 0;
}

/** By how much the sequence number `sequence`, as its sender says it, is moved in a direction. (nf_ct_seq_offset) */
export function sequenceOffset(connection: Connection, direction: Direction, sequence: number): number {
  const way = connection.sequence?.[direction];
  return way === undefined ? 0 : offsetOf(way, sequence);
}

function offsetOf(way: SequenceAdjustment, sequence: number): number {
  return isAfter(sequence, way.correctionPosition) ? way.offsetAfter : way.offsetBefore;
}

/** What the other side acknowledged, in numbers of the sender that `way` moved: how far back they are. */
function backOffset(way: SequenceAdjustment, acknowledged: number): number {
  return isAfter((acknowledged - way.offsetBefore) | 0, way.correctionPosition)
    ? way.offsetAfter
    : way.offsetBefore;
}

/**
 * Moves the sequence number, the acknowledgment and what is selectively acknowledged of a segment, as changes of
 * earlier ones ask. False if the header or its options are broken. (nf_ct_seq_adjust)
 */
export function adjustSequence(
  packet: Packet,
  offset: number,
  connection: Connection,
  info: number,
): boolean {
  const { sequence } = connection;
  if (sequence === undefined) return true;
  const { bytes, end } = packet;
  if (offset + TCP_LENGTH > end) return false;
  const direction = infoDirection(info);
  const there = sequence[direction];
  const back = sequence[direction === 0 ? 1 : 0];
  const was = tcpSequence(bytes, offset);
  const is = (was + offsetOf(there, was)) | 0;
  let check = updateChecksum32(tcpChecksum(bytes, offset), was, is);
  setTcpSequence(bytes, offset, is);
  if ((bytes[offset + 13]! & 0x10) === 0) {
    setTcpChecksum(bytes, offset, check);
    return true;
  }
  const acknowledged = tcpAcknowledgment(bytes, offset);
  const moved = (acknowledged - backOffset(back, acknowledged)) | 0;
  check = updateChecksum32(check, acknowledged, moved);
  setTcpAcknowledgment(bytes, offset, moved);
  setTcpChecksum(bytes, offset, check);
  return adjustSelective(packet, offset, back);
}

function adjustSelective(packet: Packet, offset: number, back: SequenceAdjustment): boolean {
  const { bytes } = packet;
  const end = offset + tcpHeaderLength(bytes, offset);
  if (end > packet.end) return false;
  for (let at = offset + TCP_OPTIONS_AT; at < end; ) {
    const kind = bytes[at]!;
    if (kind === TCP_OPTION_END) return true;
    if (kind === TCP_OPTION_NOP) {
      at++;
      continue;
    }
    if (at + 1 === end) return false;
    const length = bytes[at + 1]!;
    if (length < 2 || at + length > end) return false;
    if (kind === TCP_OPTION_SACK && length > 2 && (length - 2) % SACK_BLOCK === 0) {
      for (let edge = at + 2; edge < at + length; edge += 4) {
        const was = get32(bytes, edge);
        const is = (was - backOffset(back, was)) | 0;
        setTcpChecksum(bytes, offset, updateChecksum32(tcpChecksum(bytes, offset), was, is));
        set32(bytes, edge, is);
      }
    }
    at += length;
  }
  return true;
}
