import type { Family } from './constants.ts';
import type { Route } from './services.ts';

/** Bytes kept free in front of a packet, so that headers can be put before it without a copy. */
export const HEADROOM = 128;

/** The longest IP packet. */
export const MAX_PACKET = 65535;

/** Who sent a packet of this host: what `owner`, LOG --log-uid and SO_MARK routing look at. */
export interface Sender {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups of the process. */
  readonly groups?: readonly number[];
  readonly mark: number;
  /** False: no more than a connection that is just being made, whose listener's it is (not sk_fullsock). */
  readonly full?: boolean;
  /** Path of its control group without a final slash, '' or nothing for the root; and its class in net_cls. */
  readonly cgroup?: string;
  readonly classId?: number;
  /** One of the kernel's own sockets, which answer for the host: there is a socket, but no process and no user. */
  readonly kernel?: true;
}

/** The sender of what the host answers by itself: ICMP messages, resets from closed ports. */
export const KERNEL_SENDER: Sender = { uid: 0, gid: 0, mark: 0, kernel: true };

/**
 * A packet on its way through the host: the kernel's sk_buff. One shape, offsets are numbers into `bytes`.
 * `link` ≤ `network` ≤ `transport` ≤ `end`. The path sets `transport` (IPv4: behind the options; IPv6: behind the
 * extension headers that Linux has walked by then).
 */
export class Packet {
  /** The buffer; the packet is a part of it. Replaced by {@link resize} when it is too small. */
  bytes: Uint8Array;
  /** Offset of the Ethernet header, -1 where the packet has none (locally made and not yet sent). */
  link = -1;
  /** Offset of the IP header. */
  network = 0;
  /** Offset of the header behind IP. */
  transport = 0;
  /** One past the last byte. */
  end = 0;
  /** IP version: 4 or 6. */
  family: Family = 4;
  /** EtherType of the frame it came in or will leave in. */
  etherType = 0x0800;
  /** PACKET_HOST, PACKET_BROADCAST, … */
  type = 0;
  /** Index of the interface it came in by; 0 for one of the host's own. */
  inDevice = 0;
  /** Index of the interface it will leave by; 0 before that is known. */
  outDevice = 0;
  /** The firewall mark, an unsigned 32-bit number. */
  mark = 0;
  priority = 0;
  /** TRACE was asked for this packet. */
  traced = false;
  /** Path state bits; the host's own business (the kernel's IPCB(skb)->flags and IP6CB). */
  flags = 0;
  /** The largest fragment it was reassembled from, 0 if it was whole. */
  fragmentMax = 0;
  /** May be fragmented although DF is set (the kernel's skb->ignore_df). */
  ignoreDf = false;
  /** The routing decision, once there is one. */
  route: Route | undefined = undefined;
  /** The local sender, if the packet is one of the host's own and a process sent it. */
  sender: Sender | undefined = undefined;
  /** Its connection, or a template with a rule's wishes for it: see conntrack/connection.ts. */
  connection: object | undefined = undefined;
  /** What it is to that connection (ctinfo); {@link connection} undefined and 7 here: not to be tracked. */
  connectionInfo = 0;
  /** Hash for spreading flows, 0 until computed. */
  hash = 0;
  /** Number given on arrival or creation, unique on a host; `cause` is the packet this one answers. */
  id = 0;
  cause = 0;
  /** What the path keeps beside the packet (parsed IP options, IPv6 control block); undefined if nothing. */
  control: object | undefined = undefined;

  constructor(capacity = 2048) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Bytes from the IP header to the end. */
  get length(): number {
    return this.end - this.network;
  }

  /** Every field as on a new packet; the buffer is kept. */
  reset(): void {
    this.link = -1;
    this.network = HEADROOM;
    this.transport = HEADROOM;
    this.end = HEADROOM;
    this.family = 4;
    this.etherType = 0x0800;
    this.type = 0;
    this.inDevice = 0;
    this.outDevice = 0;
    this.mark = 0;
    this.priority = 0;
    this.traced = false;
    this.flags = 0;
    this.fragmentMax = 0;
    this.ignoreDf = false;
    this.route = undefined;
    this.sender = undefined;
    this.connection = undefined;
    this.connectionInfo = 0;
    this.hash = 0;
    this.id = 0;
    this.cause = 0;
    this.control = undefined;
  }

  /** Makes room for `length` bytes from the IP header on, keeping what is there, and sets the end. */
  resize(length: number): void {
    const end = this.network + length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end + 256, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.end));
      this.bytes = larger;
    }
    this.end = end;
  }

  /** Becomes a copy of another packet: bytes and every field. */
  copyFrom(other: Packet): void {
    if (this.bytes.length < other.end) this.bytes = new Uint8Array(other.end + 256);
    this.bytes.set(other.bytes.subarray(0, other.end));
    this.link = other.link;
    this.network = other.network;
    this.transport = other.transport;
    this.end = other.end;
    this.family = other.family;
    this.etherType = other.etherType;
    this.type = other.type;
    this.inDevice = other.inDevice;
    this.outDevice = other.outDevice;
    this.mark = other.mark;
    this.priority = other.priority;
    this.traced = other.traced;
    this.flags = other.flags;
    this.fragmentMax = other.fragmentMax;
    this.ignoreDf = other.ignoreDf;
    this.route = other.route;
    this.sender = other.sender;
    this.connection = other.connection;
    this.connectionInfo = other.connectionInfo;
    this.hash = other.hash;
    this.id = other.id;
    this.cause = other.cause;
    this.control = other.control;
  }
}
