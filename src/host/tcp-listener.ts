import type { Packet } from '../netfilter/packet.ts';
import type { Timer } from '../netfilter/timers.ts';
import { get16, get32, set16, set32 } from '../wire/bytes.ts';
import type { Host } from './host.ts';
import type { Socket } from './sockets.ts';
import { answerOptions, isSigned, readOffers, type TcpOffers } from './tcp-options.ts';

const HEADER = 20;
const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
const ECE = 0x40;
const CWR = 0x80;
/** Connections that wait for their last ACK; further ones are answered, but not remembered (SYN cookies). */
const BACKLOG = 16;
const FIRST_TIMEOUT = 1_000_000;
/** Bytes that a fresh socket can receive: half of tcp_rmem's 131072. */
const SPACE = 65536;
/** From the 32 MB that tcp_rmem lets a socket grow to. */
const WINDOW_SCALE = 10;
const LARGEST_WINDOW = 0xffff;
/** Repeated answers to what is out of order keep this distance (tcp_invalid_ratelimit). */
const ANSWER_DISTANCE = 500_000;

/** What a family does for TCP. `Ends` are the two addresses of a connection, and what belongs to them. */
export interface TcpPath<Ends> {
  /** The ends of a connection that this segment begins; undefined if it may begin none, with why in `refused`. */
  begin(packet: Packet): Ends | undefined;
  readonly refused: string;
  isFrom(ends: Ends, packet: Packet): boolean;
  isTo(ends: Ends, packet: Packet): boolean;
  /** ECN bits of the packet. */
  ecn(packet: Packet): number;
  /** Longest segment that the peer is told to send; undefined if there is no way to it. */
  segmentSize(ends: Ends, ownPort: number, peerPort: number): number | undefined;
  /** Sends a segment to the peer; the checksum is made there. */
  send(segment: Uint8Array, ends: Ends, socket: Socket, cause: number, why: string): void;
  reset(packet: Packet, at: number, header: number): void;
}

/** A connection that a peer has begun, or that stands. */
interface Connection<Ends> {
  readonly ends: Ends;
  readonly sourcePort: number;
  readonly initial: number;
  readonly ownInitial: number;
  readonly offers: TcpOffers;
  readonly window: number;
  readonly segment: Uint8Array;
  /** The next byte that is expected. */
  next: number;
  established: boolean;
  timeouts: number;
  lastAnswer: number;
  timer: Timer | undefined;
}

/** What listening TCP sockets do: SYN is answered with SYN+ACK, again if need be; what then comes is acknowledged. */
export class TcpListener<Ends> {
  readonly #host: Host;
  readonly #path: TcpPath<Ends>;
  readonly #connections = new Map<Socket, Connection<Ends>[]>();

  constructor(host: Host, path: TcpPath<Ends>) {
    this.#host = host;
    this.#path = path;
  }

  /** A segment for a listening socket; its header, of `header` bytes, is at `at`. The packet ends here. */
  receive(packet: Packet, socket: Socket, at: number, header: number): number {
    const { bytes } = packet;
    const flags = bytes[at + 13]!;
    if (isSigned(bytes, at + HEADER, at + header)) {
      return this.#drop(packet, 'signed, and the socket has no key');
    }
    const list = this.#connections.get(socket);
    const port = get16(bytes, at);
    const found = list?.find((one) => one.sourcePort === port && this.#path.isFrom(one.ends, packet));
    if (found && this.#path.isTo(found.ends, packet)) {
      return this.#proceed(packet, socket, found, at, header, flags);
    }
    return this.#listen(packet, socket, at, header, flags);
  }

  /** Forgets the connections of a socket that is closed. */
  closed(socket: Socket): void {
    for (const one of this.#connections.get(socket) ?? []) this.#host.timers.cancel(one.timer);
    this.#connections.delete(socket);
  }

  /** State LISTEN (RFC 9293 section 3.10.7.2). */
  #listen(packet: Packet, socket: Socket, at: number, header: number, flags: number): number {
    if ((flags & RST) !== 0) return this.#drop(packet, 'a reset for no connection');
    if ((flags & ACK) !== 0) {
      this.#path.reset(packet, at, header);
      return this.#drop(packet, 'no such connection');
    }
    if ((flags & SYN) === 0 || (flags & FIN) !== 0) return this.#drop(packet, 'begins no connection');
    const ends = this.#path.begin(packet);
    if (ends === undefined) return this.#drop(packet, this.#path.refused);
    const connection = this.#begin(packet, ends, at, header, flags);
    if (!connection) return this.#drop(packet, 'there is no way back');
    this.#host.observer?.deliver?.(packet, `socket ${socket.name}`);
    let list = this.#connections.get(socket);
    if (!list) {
      list = [];
      this.#connections.set(socket, list);
    }
    if (list.filter((one) => !one.established).length < BACKLOG) {
      list.push(connection);
      this.#answer(socket, connection, packet.id);
      this.#await(socket, connection);
    } else {
      this.#answer(socket, connection, packet.id);
    }
    this.#host.pool.release(packet);
    return 0;
  }

  #begin(
    packet: Packet,
    ends: Ends,
    at: number,
    header: number,
    flags: number,
  ): Connection<Ends> | undefined {
    const host = this.#host;
    const path = this.#path;
    // The settings of TCP are those below net.ipv4 for both families.
    const { settings } = host.ipv4;
    const { bytes } = packet;
    const offers = readOffers(bytes, at + HEADER, at + header);
    if (settings.tcp_window_scaling === 0) offers.windowScale = -1;
    if (settings.tcp_sack === 0) offers.sack = false;
    if (settings.tcp_timestamps === 0) offers.timestamp = false;
    const size = path.segmentSize(ends, get16(bytes, at + 2), get16(bytes, at));
    if (size === undefined) return undefined;
    const unit = size - (offers.timestamp ? 12 : 0);
    const window = Math.min(Math.floor(SPACE / unit) * unit, LARGEST_WINDOW);
    const ownInitial = host.services.random() | 0;
    const clock = (host.services.random() + Math.floor(host.timers.now / 1000)) | 0;
    const written = answerOptions(size, offers, WINDOW_SCALE, clock);
    const segment = new Uint8Array(HEADER + written.length);
    const initial = get32(bytes, at + 4);
    const congestion =
      (flags & (ECE | CWR)) === (ECE | CWR) && settings.tcp_ecn !== 0 && path.ecn(packet) === 0;
    fill(segment, get16(bytes, at + 2), get16(bytes, at), ownInitial, (initial + 1) | 0, window);
    segment[12] = (segment.length >> 2) << 4;
    segment[13] = SYN | ACK | (congestion ? ECE : 0);
    segment.set(written, HEADER);
    return {
      ends,
      sourcePort: get16(bytes, at),
      initial,
      ownInitial,
      offers,
      window,
      segment,
      next: (initial + 1) | 0,
      established: false,
      timeouts: 0,
      lastAnswer: Number.NEGATIVE_INFINITY,
      timer: undefined,
    };
  }

  #answer(socket: Socket, connection: Connection<Ends>, cause: number): void {
    this.#path.send(connection.segment, connection.ends, socket, cause, 'SYN+ACK of a listening socket');
  }

  #await(socket: Socket, connection: Connection<Ends>): void {
    connection.timer = this.#host.timers.schedule(FIRST_TIMEOUT * 2 ** connection.timeouts, () => {
      if (connection.timeouts >= this.#host.ipv4.settings.tcp_synack_retries) {
        this.#forget(socket, connection);
        return;
      }
      connection.timeouts++;
      this.#answer(socket, connection, 0);
      this.#await(socket, connection);
    });
  }

  /** A segment of a connection that has begun (net/ipv4/tcp_minisocks.c tcp_check_req), or stands. */
  #proceed(
    packet: Packet,
    socket: Socket,
    connection: Connection<Ends>,
    at: number,
    header: number,
    flags: number,
  ): number {
    const { bytes } = packet;
    const sequence = get32(bytes, at + 4);
    const length = packet.end - at - header + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    const kind = flags & (SYN | ACK | RST);
    if (connection.established) return this.#established(packet, socket, connection, sequence, length, flags);
    if (sequence === connection.initial && kind === SYN) {
      if (this.#mayAnswer(connection)) {
        this.#answer(socket, connection, packet.id);
        this.#host.timers.cancel(connection.timer);
        this.#await(socket, connection);
      }
      return this.#done(packet, socket);
    }
    if ((kind & ACK) !== 0 && get32(bytes, at + 8) !== ((connection.ownInitial + 1) | 0)) {
      return this.#listen(packet, socket, at, header, flags);
    }
    if (!inWindow(sequence, length, connection.next, connection.window)) {
      if ((kind & RST) === 0 && this.#mayAnswer(connection)) this.#acknowledge(packet, socket, connection);
      return this.#drop(packet, 'outside the window');
    }
    if ((kind & (RST | (sequence === connection.initial ? 0 : SYN))) !== 0) {
      if ((kind & RST) === 0) this.#path.reset(packet, at, header);
      this.#forget(socket, connection);
      return this.#drop(packet, 'ends the connection before it stood');
    }
    if ((kind & ACK) === 0) return this.#drop(packet, 'without ACK');
    this.#host.timers.cancel(connection.timer);
    connection.established = true;
    return this.#established(packet, socket, connection, sequence, length, flags);
  }

  #established(
    packet: Packet,
    socket: Socket,
    connection: Connection<Ends>,
    sequence: number,
    length: number,
    flags: number,
  ): number {
    if ((flags & RST) !== 0) {
      if (sequence === connection.next) this.#forget(socket, connection);
      return this.#drop(packet, 'a reset');
    }
    if (length === 0) return this.#done(packet, socket);
    if (sequence === connection.next) connection.next = (connection.next + length) | 0;
    this.#acknowledge(packet, socket, connection);
    return this.#done(packet, socket);
  }

  #acknowledge(packet: Packet, socket: Socket, connection: Connection<Ends>): void {
    const segment = new Uint8Array(HEADER);
    const scale = connection.offers.windowScale >= 0 ? WINDOW_SCALE : 0;
    const { ownInitial, next, window } = connection;
    fill(segment, socket.port, connection.sourcePort, (ownInitial + 1) | 0, next, window >> scale);
    segment[12] = (HEADER >> 2) << 4;
    segment[13] = ACK;
    this.#path.send(segment, connection.ends, socket, packet.id, 'TCP acknowledgement');
  }

  #mayAnswer(connection: Connection<Ends>): boolean {
    const { now } = this.#host.timers;
    if (now - connection.lastAnswer < ANSWER_DISTANCE) return false;
    connection.lastAnswer = now;
    return true;
  }

  #forget(socket: Socket, connection: Connection<Ends>): void {
    this.#host.timers.cancel(connection.timer);
    const left = (this.#connections.get(socket) ?? []).filter((one) => one !== connection);
    if (left.length > 0) this.#connections.set(socket, left);
    else this.#connections.delete(socket);
  }

  #done(packet: Packet, socket: Socket): number {
    this.#host.observer?.deliver?.(packet, `socket ${socket.name}`);
    this.#host.pool.release(packet);
    return 0;
  }

  #drop(packet: Packet, reason: string): number {
    this.#host.drop(packet, 'TCP', reason);
    return 0;
  }
}

function fill(
  segment: Uint8Array,
  from: number,
  to: number,
  sequence: number,
  acknowledged: number,
  window: number,
): void {
  set16(segment, 0, from);
  set16(segment, 2, to);
  set32(segment, 4, sequence);
  set32(segment, 8, acknowledged);
  set16(segment, 14, window);
}

/** (tcp_in_window) */
function inWindow(sequence: number, length: number, next: number, window: number): boolean {
  const end = (sequence + length) | 0;
  const last = (next + window) | 0;
  if (sequence === next) return true;
  if (((next - end) | 0) < 0 && ((sequence - last) | 0) < 0) return true;
  return sequence === last && sequence === end;
}
