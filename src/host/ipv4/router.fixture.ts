import { parsePacket, printFrame, printPacket } from '../../formats/packet-language/index.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { Host } from '../host.ts';
import { NUD } from '../neighbours/states.ts';
import type { FibEntry4 } from '../routing/route4.ts';

const MAC = { lan0: '020000000001', wan0: '020000000002', dmz0: '020000000003' } as const;
const PEERS = { lan0: '020000000110', wan0: '0200000002fe', dmz0: '020000000380' } as const;
type Device = keyof typeof MAC;

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
export const address = (text: string): number =>
  text.split('.').reduce((word, part) => (word << 8) | Number(part), 0);

/**
 * A router for tests: lan0 192.0.2.1/24, wan0 203.0.113.1/24 with the default gateway, dmz0 10.0.0.1/24, and a
 * neighbour on each. What it chooses at random is always 7.
 */
export class Router {
  readonly host: Host;
  /** What has left since {@link take}: `lan0: udp …` in the packet language, IP without its Ethernet header. */
  readonly out: string[] = [];
  /** The station that the last frame was for, in hex. */
  next = '';
  /** Reasons of drops, in order. */
  readonly drops: string[] = [];
  readonly log: string[] = [];

  constructor(mtu: Partial<Record<Device, number>> = {}) {
    this.host = new Host({
      random: () => 7,
      transmit: (device, frame) => {
        this.next = Buffer.from(frame.subarray(0, 6)).toString('hex');
        this.out.push(`${device}: ${words(frame.slice())}`);
      },
      log: (line) => this.log.push(line),
    });
    const { host } = this;
    host.observer = { drop: (_packet, where, reason) => this.drops.push(`${where}: ${reason}`) };
    for (const name of ['icmp_ratelimit', 'icmp_ratemask']) this.set(name, 0);
    for (const name of Object.keys(MAC) as Device[]) {
      host.interfaces.add({ name, mac: bytesOf(MAC[name]), mtu: mtu[name] ?? 1500, up: true });
    }
    this.set('ip_forward', 1);
    this.addAddress('lan0', '192.0.2.1');
    this.addAddress('wan0', '203.0.113.1');
    this.addAddress('dmz0', '10.0.0.1');
    this.addNeighbour('lan0', '192.0.2.10');
    this.addNeighbour('wan0', '203.0.113.254');
    this.addNeighbour('dmz0', '10.0.0.80');
    this.addRoute({ gateway: '203.0.113.254', device: 'wan0' });
  }

  /** Sets `net.ipv4.NAME`. */
  set(name: string, value: number): void {
    const error = this.host.sysctl.set(`net/ipv4/${name}`, String(value));
    if (error) throw new Error(`${name}=${value}: ${error}`);
  }

  addAddress(device: Device, text: string): void {
    const own = address(text);
    this.host.interfaces.addAddress4(this.host.interfaces.require(device), {
      address: own,
      prefixLength: 24,
      broadcast: own | 255,
    });
  }

  addNeighbour(device: Device, text: string, mac: string = PEERS[device]): void {
    const { neighbours, interfaces } = this.host;
    const made = neighbours.table.make4(interfaces.require(device).index, address(text));
    if (made) neighbours.set(made, bytesOf(mac), NUD.PERMANENT);
  }

  addRoute(given: {
    to?: string;
    length?: number;
    gateway?: string;
    device?: Device;
    type?: number;
    metrics?: Record<string, number>;
  }): void {
    const device = given.device === undefined ? 0 : this.host.interfaces.require(given.device).index;
    const gateway = given.gateway === undefined ? 0 : address(given.gateway);
    const entry: FibEntry4 = {
      table: 254,
      destination: address(given.to ?? '0.0.0.0'),
      prefixLength: given.length ?? 0,
      tos: 0,
      priority: 0,
      type: given.type ?? ROUTE_TYPE.UNICAST,
      scope: 0,
      protocol: 3,
      source: 0,
      realm: 0,
      metrics: given.metrics ?? {},
      mtuLocked: false,
      nextHops:
        device === 0
          ? []
          : [{ device, gateway, weight: 1, onlink: false, realm: 0, scope: 253, dead: false }],
      made: new Map(),
    };
    this.host.routing4.insert(entry);
  }

  /** A packet in the language, or a frame in hex, arrives; answers what leaves because of it. */
  receive(device: Device, text: string, destinationMac: string = MAC[device]): string[] {
    const macs = { source: bytesOf(PEERS[device]), destination: bytesOf(destinationMac) };
    this.host.receive(device, parsePacket(text).frame(macs));
    return this.take();
  }

  /** A process sends the packet by a raw socket; answers the error, or what leaves. */
  send(text: string): string[] | string {
    const error = this.host.send(parsePacket(text).packet ?? new Uint8Array());
    const left = this.take();
    return error ?? left;
  }

  /** What has left, and forgets it. */
  take(): string[] {
    return this.out.splice(0);
  }
}

function words(frame: Uint8Array): string {
  return frame[12] === 8 && frame[13] === 0 ? printPacket(frame.subarray(14)) : printFrame(frame);
}
