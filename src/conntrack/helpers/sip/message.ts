import type { Packet } from '../../../netfilter/packet.ts';
import { type Connection, infoDirection } from '../../connection.ts';
import type { Direction, Handle } from '../../tuple.ts';
import type { Said } from '../rewriters.ts';
import { SipAddress } from './address.ts';

/** A place within a message: counted from the message's first byte. */
export class Place {
  at = 0;
  length = 0;
  get end(): number {
    return this.at + this.length;
  }
}

/**
 * A SIP message in a packet: a datagram, or a part of a segment. Rewriting changes its length and may replace the
 * packet's buffer.
 */
export class SipMessage implements Said {
  readonly packet: Packet;
  readonly offset: number;
  readonly connection: Connection;
  readonly info: number;
  readonly direction: Direction;
  /** Where in the packet it begins. */
  start: number;
  length: number;
  /** What was found last; each of the functions that read writes here. */
  readonly place = new Place();
  readonly address: SipAddress;
  port = 0;

  constructor(
    packet: Packet,
    offset: number,
    connection: Connection,
    info: number,
    start: number,
    length: number,
  ) {
    this.packet = packet;
    this.offset = offset;
    this.connection = connection;
    this.info = info;
    this.direction = infoDirection(info);
    this.start = start;
    this.length = length;
    this.address = new SipAddress(connection.original.family);
  }

  get bytes(): Uint8Array {
    return this.packet.bytes;
  }

  /** One behind its last byte in the packet. */
  get limit(): number {
    return this.start + this.length;
  }

  /** The tuple of the direction in which it goes, and that of answers to it. */
  get there(): Handle {
    return this.connection.handles[this.direction];
  }

  get back(): Handle {
    return this.connection.handles[this.direction === 0 ? 1 : 0];
  }
}
