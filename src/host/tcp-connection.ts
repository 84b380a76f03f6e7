import type { LocalSocket } from '../netfilter/local-socket.ts';
import type { Route } from '../netfilter/services.ts';
import type { Timer } from '../netfilter/timers.ts';
import type { Socket } from './sockets.ts';
import type { TcpOffers } from './tcp-options.ts';

/** What a connection begins with. */
export interface TcpBeginning<Ends> {
  readonly socket: Socket;
  readonly ends: Ends;
  readonly peerPort: number;
  readonly ownPort: number;
  /** SO_MARK of what it sends. */
  readonly mark: number;
  readonly initial: number;
  readonly ownInitial: number;
  readonly offers: TcpOffers;
  readonly window: number;
  /** Its SYN+ACK. */
  readonly segment: Uint8Array;
}

/** A connection that a peer has begun with a listening socket, or that stands. It is of the process that listens. */
export class TcpConnection<Ends> implements LocalSocket {
  readonly anyAddress = false;
  readonly begun: TcpBeginning<Ends>;
  /** The next byte that is expected. */
  next: number;
  established = false;
  timeouts = 0;
  lastAnswer = Number.NEGATIVE_INFINITY;
  timer: Timer | undefined = undefined;
  /** The route of the segment that completed it, which later ones take without a look-up (sk_rx_dst). */
  route: Route | undefined = undefined;
  /** The interface that segment came by, and how often routes had changed by then. */
  routeDevice = 0;
  routeGeneration = 0;

  constructor(begun: TcpBeginning<Ends>) {
    this.begun = begun;
    this.next = (begun.initial + 1) | 0;
  }

  get uid(): number {
    return this.begun.socket.uid;
  }

  get gid(): number {
    return this.begun.socket.gid;
  }

  get cgroup(): string {
    return this.begun.socket.cgroup;
  }

  get classId(): number {
    return this.begun.socket.classId;
  }

  get mark(): number {
    return this.begun.mark;
  }

  get transparent(): boolean {
    return this.begun.socket.transparent;
  }

  get full(): boolean {
    return this.established;
  }
}
