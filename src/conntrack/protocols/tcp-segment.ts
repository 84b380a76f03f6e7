import type { Packet } from '../../netfilter/packet.ts';
import { get32 } from '../../wire/bytes.ts';
import { OptionWalk } from '../../wire/options.ts';
import {
  TCP_FIN,
  TCP_ACK as TCP_HAS_ACK,
  TCP_LENGTH,
  TCP_MAX_WINDOW_SCALE,
  TCP_OPTION_SACK,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_WINDOW_SCALE,
  TCP_RST,
  TCP_SYN,
  tcpAcknowledgment,
  tcpFlags,
  tcpHeaderLength,
  tcpSequence,
  tcpWindow,
} from '../../wire/tcp.ts';
import { ACK, FIN, NOTHING, RST, SYN, SYN_ACK, TCP_FLAG, type TcpSide } from './tcp-state.ts';

const walk = new OptionWalk();

/** `a` lies before `b` in the circle of sequence numbers. */
export function before(a: number, b: number): boolean {
  return ((a - b) | 0) < 0;
}

/** A TCP header in numbers; one object, reused. Only for headers that fit and have a right length. */
export class TcpSegment {
  /** Signed 32-bit, like all sequence numbers here. */
  sequence = 0;
  acknowledgment = 0;
  /** Sequence number behind its last byte; SYN and FIN count. */
  end = 0;
  /** As it stands in the header. */
  window = 0;
  /** SYN, SYN_ACK, FIN, ACK, RST or NOTHING. */
  index: number = NOTHING;
  syn = false;
  ack = false;
  rst = false;
  #bytes: Uint8Array = new Uint8Array(0);
  #options = 0;
  #optionsEnd = 0;

  read(packet: Packet, offset: number): this {
    const { bytes } = packet;
    const flags = tcpFlags(bytes, offset);
    const data = offset + tcpHeaderLength(bytes, offset);
    const fin = (flags & TCP_FIN) !== 0;
    this.syn = (flags & TCP_SYN) !== 0;
    this.ack = (flags & TCP_HAS_ACK) !== 0;
    this.rst = (flags & TCP_RST) !== 0;
    this.sequence = tcpSequence(bytes, offset);
    this.acknowledgment = tcpAcknowledgment(bytes, offset);
    this.end = (this.sequence + packet.end - data + (this.syn ? 1 : 0) + (fin ? 1 : 0)) | 0;
    this.window = tcpWindow(bytes, offset);
    this.index = this.rst
      ? RST
      : this.syn
        ? this.ack
          ? SYN_ACK
          : SYN
        : fin
          ? FIN
          : this.ack
            ? ACK
            : NOTHING;
    this.#bytes = bytes;
    this.#options = offset + TCP_LENGTH;
    this.#optionsEnd = data;
    return this;
  }

  /** Takes window scale and SACK permission of a SYN over; without any option the side stays as it is. (tcp_options) */
  readOptions(side: TcpSide): void {
    if (this.#options === this.#optionsEnd) return;
    side.scale = 0;
    side.flags &= TCP_FLAG.BE_LIBERAL;
    const bytes = this.#bytes;
    for (walk.start(bytes, this.#options, this.#optionsEnd); walk.next(); ) {
      if (walk.kind === TCP_OPTION_SACK_PERMITTED && walk.length === 2) {
        side.flags |= TCP_FLAG.SACK_PERMITTED;
      } else if (walk.kind === TCP_OPTION_WINDOW_SCALE && walk.length === 3) {
        side.scale = Math.min(bytes[walk.at + 2]!, TCP_MAX_WINDOW_SCALE);
        side.flags |= TCP_FLAG.WINDOW_SCALE;
      }
    }
  }

  /** The highest byte it acknowledges, by its SACK blocks or the acknowledgment itself. (tcp_sack) */
  highestAcknowledged(): number {
    let highest = this.acknowledgment;
    const bytes = this.#bytes;
    for (walk.start(bytes, this.#options, this.#optionsEnd); walk.next(); ) {
      // Only the first SACK option of a right length counts.
      if (walk.kind !== TCP_OPTION_SACK || walk.length < 10 || (walk.length - 2) % 8 !== 0) continue;
      for (let at = walk.at + 2; at < walk.at + walk.length; at += 8) {
        const right = get32(bytes, at + 4);
        if (before(highest, right)) highest = right;
      }
      break;
    }
    return highest;
  }
}
