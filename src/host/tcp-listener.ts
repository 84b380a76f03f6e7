import type { SocketTuple } from '../netfilter/local-socket.ts';
import type { Packet } from '../netfilter/packet.ts';
import { get16, get32, set16, set32 } from '../wire/bytes.ts';
import type { Host } from './host.ts';
import { Socket } from './sockets.ts';
import { TcpConnection } from './tcp-connection.ts';
import { answerOptions, isSigned, readOffers } from './tcp-options.ts';

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
  /** Are these the addresses of the tuple, by its interface? */
  isBetween(ends: Ends, tuple: SocketTuple): boolean;
  /** The tuple of a segment that came, whose header is at `at`. */
  tupleOf(packet: Packet, at: number): SocketTuple;
  /** Changes whenever routes do; what was decided before does not hold any more. */
  readonly routeGeneration: number;
  /** ECN bits of the packet. */
  ecn(packet: Packet): number;
  /** Longest segment that the peer is told to send; undefined if there is no way to it. */
  segmentSize(ends: Ends, socket: Socket, ownPort: number, peerPort: number): number | undefined;
  /** Sends a segment to the peer; the checksum is made there. */
  send(segment: Uint8Array, connection: TcpConnection<Ends>, cause: number, why: string): void;
  /** Answers with a reset; `socket` is the listening one that the segment came to. */
  reset(packet: Packet, at: number, header: number, socket: Socket | undefined): void;
}

/** What listening TCP sockets do: SYN is answered with SYN+ACK, again if need be; what then comes is acknowledged. */
export class TcpListener<Ends> {
  readonly #host: Host;
  readonly #path: TcpPath<Ends>;
  readonly #connections = new Map<Socket, TcpConnection<Ends>[]>();
  /** The same by both ports: the peer's × 65536 + the own one. */
  readonly #byPorts = new Map<number, TcpConnection<Ends>[]>();

  constructor(host: Host, path: TcpPath<Ends>) {
    this.#host = host;
    this.#path = path;
  }

  /** Whether there are connections at all. */
  get busy(): boolean {
    return this.#byPorts.size > 0;
  }

  /** The connection between two ends (inet_lookup_established). */
  find(tuple: SocketTuple): TcpConnection<Ends> | undefined {
    const list = this.#byPorts.get(tuple.peerPort * 65536 + tuple.ownPort);
    return list?.find(({ begun }) => this.#path.isBetween(begun.ends, tuple) && fits(begun.socket, tuple));
  }

  /** The connection that a segment belongs to before it is routed; it gets its route as well if that still holds. */
  demultiplex(packet: Packet, at: number): void {
    const connection = this.find(this.#path.tupleOf(packet, at));
    if (!connection) return;
    packet.sender = connection;
    const { route, routeDevice, routeGeneration } = connection;
    if (routeDevice === packet.inDevice && routeGeneration === this.#path.routeGeneration)
      packet.route = route;
  }

  /**
   * A segment arrives; its header, of `header` bytes, is at `at`. The packet ends here. False if nobody wants it.
   * The socket that it already has, if a rule gave it one, comes first.
   */
  receive(packet: Packet, protocol: number, at: number, header: number): boolean {
    const { bytes, sender } = packet;
    const { sockets } = this.#host;
    const tuple = this.#path.tupleOf(packet, at);
    const connection = sender instanceof Socket ? undefined : this.find(tuple);
    const socket = connection?.begun.socket ?? (sender instanceof Socket ? sender : sockets.listening(tuple));
    if (!socket || socket.protocol !== protocol) return false;
    const flags = bytes[at + 13]!;
    if (isSigned(bytes, at + HEADER, at + header)) {
      this.#drop(packet, 'signed, and the socket has no key');
    } else if (connection) {
      this.#proceed(packet, connection, at, header, flags);
    } else {
      this.#listen(packet, socket, at, header, flags);
    }
    return true;
  }

  /** Forgets the connections of a socket that is closed. */
  closed(socket: Socket): void {
    for (const one of [...(this.#connections.get(socket) ?? [])]) this.#forget(one);
  }

  /** State LISTEN (RFC 9293 section 3.10.7.2). */
  #listen(packet: Packet, socket: Socket, at: number, header: number, flags: number): number {
    if ((flags & RST) !== 0) return this.#drop(packet, 'a reset for no connection');
    if ((flags & ACK) !== 0) {
      this.#path.reset(packet, at, header, socket);
      return this.#drop(packet, 'no such connection');
    }
    if ((flags & SYN) === 0 || (flags & FIN) !== 0) return this.#drop(packet, 'begins no connection');
    const ends = this.#path.begin(packet);
    if (ends === undefined) return this.#drop(packet, this.#path.refused);
    const connection = this.#begin(packet, socket, ends, at, header, flags);
    if (!connection) return this.#drop(packet, 'there is no way back');
    this.#host.observer?.deliver?.(packet, `socket ${socket.name}`);
    const others = this.#connections.get(socket) ?? [];
    if (others.filter((one) => !one.established).length < BACKLOG) {
      this.#remember(connection);
      this.#answer(connection, packet.id);
      this.#await(connection);
    } else {
      this.#answer(connection, packet.id);
    }
    this.#host.pool.release(packet);
    return 0;
  }

  #begin(
    packet: Packet,
    socket: Socket,
    ends: Ends,
    at: number,
    header: number,
    flags: number,
  ): TcpConnection<Ends> | undefined {
    const host = this.#host;
    const path = this.#path;
    // The settings of TCP are those below net.ipv4 for both families.
    const { settings } = host.ipv4;
    const { bytes } = packet;
    const offers = readOffers(bytes, at + HEADER, at + header);
    if (settings.tcp_window_scaling === 0) offers.windowScale = -1;
    if (settings.tcp_sack === 0) offers.sack = false;
    if (settings.tcp_timestamps === 0) offers.timestamp = false;
    const size = path.segmentSize(ends, socket, get16(bytes, at + 2), get16(bytes, at));
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
    const accepts = host.sysctl.number('net/ipv4/tcp_fwmark_accept') !== 0;
    return new TcpConnection({
      socket,
      ends,
      peerPort: get16(bytes, at),
      ownPort: get16(bytes, at + 2),
      mark: socket.mark === 0 && accepts ? packet.mark : socket.mark,
      initial,
      ownInitial,
      offers,
      window,
      segment,
    });
  }

  #answer(connection: TcpConnection<Ends>, cause: number): void {
    this.#path.send(connection.begun.segment, connection, cause, 'SYN+ACK of a listening socket');
  }

  #await(connection: TcpConnection<Ends>): void {
    connection.timer = this.#host.timers.schedule(FIRST_TIMEOUT * 2 ** connection.timeouts, () => {
      if (connection.timeouts >= this.#host.ipv4.settings.tcp_synack_retries) {
        this.#forget(connection);
        return;
      }
      connection.timeouts++;
      this.#answer(connection, 0);
      this.#await(connection);
    });
  }

  /** A segment of a connection that has begun (net/ipv4/tcp_minisocks.c tcp_check_req), or stands. */
  #proceed(
    packet: Packet,
    connection: TcpConnection<Ends>,
    at: number,
    header: number,
    flags: number,
  ): number {
    const { bytes } = packet;
    const { begun } = connection;
    const { socket } = begun;
    const sequence = get32(bytes, at + 4);
    const length = packet.end - at - header + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
    const kind = flags & (SYN | ACK | RST);
    if (connection.established) return this.#established(packet, connection, sequence, length, flags);
    if (sequence === begun.initial && kind === SYN) {
      if (this.#mayAnswer(connection)) {
        this.#answer(connection, packet.id);
        this.#host.timers.cancel(connection.timer);
        this.#await(connection);
      }
      return this.#done(packet, socket);
    }
    if ((kind & ACK) !== 0 && get32(bytes, at + 8) !== ((begun.ownInitial + 1) | 0)) {
      return this.#listen(packet, socket, at, header, flags);
    }
    if (!inWindow(sequence, length, connection.next, begun.window)) {
      if ((kind & RST) === 0 && this.#mayAnswer(connection)) this.#acknowledge(packet, connection);
      return this.#drop(packet, 'outside the window');
    }
    if ((kind & (RST | (sequence === begun.initial ? 0 : SYN))) !== 0) {
      if ((kind & RST) === 0) this.#path.reset(packet, at, header, socket);
      this.#forget(connection);
      return this.#drop(packet, 'ends the connection before it stood');
    }
    if ((kind & ACK) === 0) return this.#drop(packet, 'without ACK');
    this.#host.timers.cancel(connection.timer);
    connection.established = true;
    connection.route = packet.route;
    connection.routeDevice = packet.inDevice;
    connection.routeGeneration = this.#path.routeGeneration;
    return this.#established(packet, connection, sequence, length, flags);
  }

  #established(
    packet: Packet,
    connection: TcpConnection<Ends>,
    sequence: number,
    length: number,
    flags: number,
  ): number {
    if ((flags & RST) !== 0) {
      if (sequence === connection.next) this.#forget(connection);
      return this.#drop(packet, 'a reset');
    }
    const { socket } = connection.begun;
    if (length === 0) return this.#done(packet, socket);
    if (sequence === connection.next) connection.next = (connection.next + length) | 0;
    this.#acknowledge(packet, connection);
    return this.#done(packet, socket);
  }

  #acknowledge(packet: Packet, connection: TcpConnection<Ends>): void {
    const segment = new Uint8Array(HEADER);
    const { offers, ownPort, peerPort, ownInitial, window } = connection.begun;
    const scale = offers.windowScale >= 0 ? WINDOW_SCALE : 0;
    fill(segment, ownPort, peerPort, (ownInitial + 1) | 0, connection.next, window >> scale);
    segment[12] = (HEADER >> 2) << 4;
    segment[13] = ACK;
    this.#path.send(segment, connection, packet.id, 'TCP acknowledgement');
  }

  #mayAnswer(connection: TcpConnection<Ends>): boolean {
    const { now } = this.#host.timers;
    if (now - connection.lastAnswer < ANSWER_DISTANCE) return false;
    connection.lastAnswer = now;
    return true;
  }

  #remember(connection: TcpConnection<Ends>): void {
    const { socket, peerPort, ownPort } = connection.begun;
    add(this.#connections, socket, connection);
    add(this.#byPorts, peerPort * 65536 + ownPort, connection);
  }

  #forget(connection: TcpConnection<Ends>): void {
    const { socket, peerPort, ownPort } = connection.begun;
    this.#host.timers.cancel(connection.timer);
    remove(this.#connections, socket, connection);
    remove(this.#byPorts, peerPort * 65536 + ownPort, connection);
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

/** A socket that is bound to an interface has its connections there alone. */
function fits({ device }: Socket, tuple: SocketTuple): boolean {
  return device === 0 || device === tuple.device;
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

function remove<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const left = (lists.get(key) ?? []).filter((one) => one !== value);
  if (left.length > 0) lists.set(key, left);
  else lists.delete(key);
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
