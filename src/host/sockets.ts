import type { ErrnoName, Family } from '../netfilter/constants.ts';
import type { LocalSocket, LocalSockets, SocketTuple } from '../netfilter/local-socket.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ROUTE_TYPE } from '../netfilter/services.ts';
import { formatAddress, fromBytes, parseDotted, parseIpv6, toBytes } from '../xtables/address.ts';
import { plainCgroup } from '../xtables/cgroups.ts';
import type { Host } from './host.ts';

const TCP = 6;
const UDP = 17;
const UDP_LITE = 136;
const PROTOCOLS = { tcp: TCP, udp: UDP, udplite: UDP_LITE } as const;
const DYNAMIC_PORTS = 28232;
const FIRST_DYNAMIC_PORT = 32768;

/** What a local process receives. */
export interface Datagram {
  /** Addresses as text. */
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly payload: Uint8Array;
  /** Name of the interface it came by. */
  readonly device: string;
}

/** A socket to be opened. */
export interface SocketOptions {
  readonly proto: 'udp' | 'udplite' | 'tcp';
  /** An address of this host, or `0.0.0.0` or `::` for any. It decides the family. */
  readonly address: string;
  /** 0 to 65535; 0: a free one is chosen. */
  readonly port: number;
  /** IP_TRANSPARENT: may be bound to an address that is not the host's. */
  readonly transparent?: boolean;
  /** Whose it is; what `owner` and policy rules look at. 0 if left out. */
  readonly uid?: number;
  readonly gid?: number;
  /** SO_MARK of what it sends. */
  readonly mark?: number;
  /** Path of the control group of its process, the root if left out; and the class of net_cls. */
  readonly cgroup?: string;
  readonly classId?: number;
  /** Name of the interface it is bound to (SO_BINDTODEVICE); any if left out. */
  readonly device?: string;
  /** Called with everything that arrives. A TCP socket only listens: it answers connections, but carries no data. */
  readonly receive?: (datagram: Datagram, socket: Socket) => void;
}

/** A socket of a local process. */
export class Socket implements LocalSocket {
  readonly #host: Host;
  readonly family: Family;
  /** 6, 17 or 136. */
  readonly protocol: number;
  /** In network order; undefined: any address of this host. */
  readonly address: Uint8Array | undefined;
  readonly port: number;
  readonly transparent: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly mark: number;
  readonly cgroup: string;
  readonly classId: number;
  /** Index of the interface it is bound to, 0 for any. */
  readonly device: number;
  readonly full = true;
  readonly #receive: ((datagram: Datagram, socket: Socket) => void) | undefined;

  constructor(
    host: Host,
    options: SocketOptions,
    family: Family,
    address: Uint8Array | undefined,
    port: number,
  ) {
    this.#host = host;
    this.family = family;
    this.protocol = PROTOCOLS[options.proto];
    this.address = address;
    this.port = port;
    this.transparent = options.transparent ?? false;
    this.uid = options.uid ?? 0;
    this.gid = options.gid ?? 0;
    this.mark = options.mark ?? 0;
    this.cgroup = plainCgroup(options.cgroup ?? '');
    this.classId = options.classId ?? 0;
    this.device = options.device === undefined ? 0 : host.interfaces.require(options.device).index;
    this.#receive = options.receive;
  }

  get anyAddress(): boolean {
    return this.address === undefined;
  }

  /** `udp 0.0.0.0:53` */
  get name(): string {
    const proto = this.protocol === TCP ? 'tcp' : this.protocol === UDP ? 'udp' : 'udplite';
    const address = this.address ?? new Uint8Array(this.family === 4 ? 4 : 16);
    const text = addressText(address, 0, this.family);
    return `${proto} ${this.family === 4 ? text : `[${text}]`}:${this.port}`;
  }

  /**
   * Sends a datagram. Answers the name of the error that a process gets, or undefined.
   * @throws {RangeError} for an address of the other family or a port outside 1–65535, and on a TCP socket.
   */
  send(destination: string, port: number, payload: Uint8Array): ErrnoName | undefined {
    const to = parseAddress(destination);
    if (to?.family !== this.family) {
      throw new RangeError(`${this.name}: '${destination}' is not an IPv${this.family} address`);
    }
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      throw new RangeError(`${this.name}: port ${port} must be 1 to 65535`);
    }
    if (this.protocol === TCP) throw new RangeError(`${this.name}: a TCP socket sends no datagrams`);
    return this.family === 4
      ? this.#host.ipv4.sendUdp(this, to.bytes, port, payload)
      : this.#host.ipv6.sendUdp(this, to.bytes, port, payload);
  }

  /** Closes it: its port is closed again. */
  close(): void {
    this.#host.sockets.remove(this);
  }

  /** Whether it takes what comes by an interface for an address. */
  takes(bytes: Uint8Array, at: number, device: number): boolean {
    if (this.device !== 0 && this.device !== device) return false;
    const own = this.address;
    if (!own) return true;
    for (let i = 0; i < own.length; i++) if (own[i] !== bytes[at + i]) return false;
    return true;
  }

  /** Gives the process what lies behind the transport header. */
  deliver(packet: Packet, payload: number): void {
    const { bytes, transport, network } = packet;
    const [source, destination] =
      this.family === 4 ? [network + 12, network + 16] : [network + 8, network + 24];
    this.#host.observer?.deliver?.(packet, `socket ${this.name}`);
    this.#receive?.(
      {
        source: addressText(bytes, source, this.family),
        sourcePort: (bytes[transport]! << 8) | bytes[transport + 1]!,
        destination: addressText(bytes, destination, this.family),
        destinationPort: (bytes[transport + 2]! << 8) | bytes[transport + 3]!,
        payload: bytes.slice(payload, packet.end),
        device: this.#host.interfaces.nameOf(packet.inDevice),
      },
      this,
    );
  }
}

/** The sockets of a host's processes. */
export class Sockets implements LocalSockets {
  readonly #host: Host;
  readonly #byPort = new Map<number, Socket[]>();

  constructor(host: Host) {
    this.#host = host;
  }

  /**
   * Opens a socket. Answers it, or the name of the error that a process gets (`EADDRINUSE`, `EADDRNOTAVAIL`).
   * @throws {RangeError} for what is no address, a port outside 0–65535, or an unknown interface.
   */
  open(options: SocketOptions): Socket | ErrnoName {
    const parsed = parseAddress(options.address);
    if (!parsed) throw new RangeError(`socket: '${options.address}' is no address`);
    const { port, proto } = options;
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new RangeError(`socket: port ${port} must be 0 to 65535`);
    }
    const { family, bytes } = parsed;
    const address = bytes.every((byte) => byte === 0) ? undefined : bytes;
    if (address && !options.transparent && !this.#isBindable(family, address)) return 'EADDRNOTAVAIL';
    const protocol = PROTOCOLS[proto];
    const chosen = port === 0 ? this.#freePort(protocol) : port;
    const others = this.#byPort.get(key(protocol, chosen)) ?? [];
    const socket = new Socket(this.#host, options, family, address, chosen);
    if (chosen === 0 || others.some((other) => conflicts(other, socket))) return 'EADDRINUSE';
    this.#byPort.set(key(protocol, chosen), [...others, socket]);
    return socket;
  }

  /** Opens a socket that lives as long as the host. Answers the name of the error, or undefined. */
  bind(options: SocketOptions): ErrnoName | undefined {
    const opened = this.open(options);
    return typeof opened === 'string' ? opened : undefined;
  }

  remove(socket: Socket): void {
    (socket.family === 4 ? this.#host.ipv4 : this.#host.ipv6).tcp.listener.closed(socket);
    const at = key(socket.protocol, socket.port);
    const left = (this.#byPort.get(at) ?? []).filter((other) => other !== socket);
    if (left.length > 0) this.#byPort.set(at, left);
    else this.#byPort.delete(at);
  }

  /** Every open socket. */
  list(): readonly Socket[] {
    return [...this.#byPort.values()].flat();
  }

  connected(tuple: SocketTuple): LocalSocket | undefined {
    if (tuple.protocol !== TCP) return undefined;
    const { ipv4, ipv6 } = this.#host;
    return tuple.family === 4 ? ipv4.tcp.listener.find(tuple) : ipv6.tcp.listener.find(tuple);
  }

  listening({ family, protocol, own, ownAt, ownPort, device }: SocketTuple): Socket | undefined {
    return this.find(family, protocol, own, ownAt, ownPort, device);
  }

  /** The socket for the IPv4 packet whose TCP or UDP header is at `transport`. */
  lookup4(packet: Packet, protocol: number): Socket | undefined {
    const { bytes, network, transport } = packet;
    const port = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
    return this.find(4, protocol, bytes, network + 16, port, packet.inDevice);
  }

  /** The socket for the IPv6 packet whose TCP or UDP header is at `transport`. */
  lookup6(packet: Packet, protocol: number): Socket | undefined {
    const { bytes, network, transport } = packet;
    const port = (bytes[transport + 2]! << 8) | bytes[transport + 3]!;
    return this.find(6, protocol, bytes, network + 24, port, packet.inDevice);
  }

  /** The socket bound to a port for the address at `at`: one of that very address and interface before others. */
  find(
    family: Family,
    protocol: number,
    bytes: Uint8Array,
    at: number,
    port: number,
    device: number,
  ): Socket | undefined {
    const sockets = this.#byPort.get(key(protocol, port));
    if (!sockets) return undefined;
    let best: Socket | undefined;
    let most = 0;
    for (const socket of sockets) {
      if (socket.family !== family || !socket.takes(bytes, at, device)) continue;
      const score = 1 + (socket.address ? 2 : 0) + (socket.device !== 0 ? 1 : 0);
      if (score > most) {
        most = score;
        best = socket;
      }
    }
    return best;
  }

  /** All sockets that get a broadcast or multicast to the port. */
  all(
    family: Family,
    protocol: number,
    bytes: Uint8Array,
    at: number,
    port: number,
    device: number,
  ): readonly Socket[] {
    const sockets = this.#byPort.get(key(protocol, port));
    if (!sockets) return NONE;
    return sockets.filter((socket) => socket.family === family && socket.takes(bytes, at, device));
  }

  /** Gives a packet, whose transport header is at `transport`, to a socket, and ends it. */
  deliver(packet: Packet, socket: Socket): void {
    const { bytes, transport } = packet;
    const header = socket.protocol === TCP ? (bytes[transport + 12]! >> 4) << 2 : 8;
    socket.deliver(packet, transport + header);
    this.#host.pool.release(packet);
  }

  /** True if a socket here sent the UDP packet that is quoted at `inner`, its ports being at `ports`. */
  sentBy6(packet: Packet, inner: number, ports: number, protocol: number): boolean {
    const { bytes } = packet;
    const port = (bytes[ports]! << 8) | bytes[ports + 1]!;
    return this.find(6, protocol, bytes, inner + 8, port, packet.inDevice) !== undefined;
  }

  #isBindable(family: Family, address: Uint8Array): boolean {
    if (family === 4 && this.#host.ipv4.settings.ip_nonlocal_bind !== 0) return true;
    const type = this.#host.services.addressType(family, address, 0, 0);
    return type === ROUTE_TYPE.LOCAL || type === ROUTE_TYPE.BROADCAST || type === ROUTE_TYPE.MULTICAST;
  }

  #freePort(protocol: number): number {
    const start = this.#host.services.random() % DYNAMIC_PORTS;
    for (let i = 0; i < DYNAMIC_PORTS; i++) {
      const port = FIRST_DYNAMIC_PORT + ((start + i) % DYNAMIC_PORTS);
      if (!this.#byPort.has(key(protocol, port))) return port;
    }
    return 0;
  }
}

const NONE: readonly Socket[] = [];

function addressText(bytes: Uint8Array, at: number, family: Family): string {
  return formatAddress(fromBytes(bytes, at, family === 4 ? 4 : 16));
}

function parseAddress(text: string): { readonly family: Family; readonly bytes: Uint8Array } | undefined {
  const family = text.includes(':') ? 6 : 4;
  const words = family === 6 ? parseIpv6(text) : parseDotted(text, true);
  return words && { family, bytes: toBytes(words) };
}

function key(protocol: number, port: number): number {
  return (protocol << 16) | port;
}

function conflicts(a: Socket, b: Socket): boolean {
  if (a.family !== b.family || (a.device !== b.device && a.device !== 0 && b.device !== 0)) return false;
  if (!a.address || !b.address) return true;
  return a.address.every((byte, i) => byte === b.address?.[i]);
}
