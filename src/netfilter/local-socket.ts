import { type Family, IPV4 } from './constants.ts';
import type { Sender } from './packet.ts';

/** A socket of this host, as rules see it (struct sock). */
export interface LocalSocket extends Sender {
  /** IP_TRANSPARENT: it may have addresses that are not the host's (inet_sk_transparent). */
  readonly transparent: boolean;
  /** Bound to no address: it takes what comes for any. */
  readonly anyAddress: boolean;
  /** More than a connection that is just being made (sk_fullsock). */
  readonly full: boolean;
}

/** Whose socket is asked for: both ends as a packet for this host names them. Reused. */
export class SocketTuple {
  family: Family = IPV4;
  /** 6 or 17. */
  protocol = 0;
  /** The other end: its address lies at `peerAt` of `peer`, in network order. */
  peer: Uint8Array = NONE;
  peerAt = 0;
  peerPort = 0;
  /** The end that is here. */
  own: Uint8Array = NONE;
  ownAt = 0;
  ownPort = 0;
  /** Index of the interface that the packet came in by. */
  device = 0;
}

const NONE = new Uint8Array(0);

/** Finds sockets of this host. */
export interface LocalSockets {
  /** The one that is connected to the peer (inet_lookup_established; a UDP socket that is connected). */
  connected(tuple: SocketTuple): LocalSocket | undefined;
  /** The one that takes what comes from anybody: a listening TCP socket, or a bound one of UDP. */
  listening(tuple: SocketTuple): LocalSocket | undefined;
}
