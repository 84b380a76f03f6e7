/**
 * Flows through the rulesets that kube-proxy writes: conformance/kube-proxy has the cases and says what they mean. The node
 * is a host with `eth0` to the outside and `cni0` to the pods; two hook functions, behind all tables, see what becomes of
 * each packet.
 */
import { buildHost } from '../formats/build-host.ts';
import { readHostDescription } from '../formats/host-description.ts';
import { parsePacket } from '../formats/packet-language/index.ts';
import type { Host } from '../host/host.ts';
import { INPUT, POSTROUTING, PRIORITY } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT } from '../netfilter/verdict.ts';
import { formatAddress, fromBytes } from '../xtables/address.ts';

export interface Flow {
  readonly name: string;
  readonly src: string;
  readonly dst: string;
  readonly dport: number;
  readonly proto: 'tcp' | 'udp' | 'sctp';
  readonly from: 'node' | 'pod' | 'external';
  /** Where it may go, or `DROP`, `REJECT`, `ACCEPT`, or '' for nothing. */
  readonly endpoints: readonly string[] | string;
  readonly masq: boolean;
}

export interface KubeProxyCase {
  readonly name: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly iptables: string;
  readonly node: { readonly addresses: readonly string[]; readonly pod_cidr: string };
  readonly flows: readonly Flow[];
}

/** What became of a connection's first packet. */
export interface Seen {
  /** `10.180.0.1:80`, or `[fd00::1]:80`; undefined if it left the host nowhere and reached none of its processes. */
  readonly destination: string | undefined;
  readonly source: string | undefined;
  /** Interface it left by; '' if a local process got it. */
  readonly device: string;
  /** An ICMP error or a reset of the firewall's answered it. */
  readonly rejected: boolean;
}

const GATEWAY = { ipv4: '192.168.0.1', ipv6: 'fd00:ffff::1' } as const;
const PODS = { ipv4: '10.255.255.254', ipv6: 'fd00:10::fffe' } as const;
const PROTOCOL = { tcp: 6, udp: 17, sctp: 132 } as const;
const MAC = { gateway: '02:00:00:00:01:01', pod: '02:00:00:00:02:02' };

const isIn = (address: string, family: KubeProxyCase['family'], cidr: string): boolean => {
  const prefix = cidr.slice(0, cidr.indexOf('/'));
  return family === 'ipv4'
    ? address.startsWith(`${prefix.split('.')[0]}.`)
    : address.startsWith(prefix.replace(/::$/, ':'));
};

/** Address of `10.0.0.1:80` or `[fd00::1]:80`. */
const addressOf = (endpoint: string): string => endpoint.replace(/:[0-9]+$/, '').replace(/^\[|\]$/g, '');

const isLoopback = (address: string): boolean => address === '127.0.0.1' || address === '::1';

/** Addresses that masquerading may give a packet: those of the interface; any but loopback's where that is not known. */
export function addressesOf({ family, node }: KubeProxyCase, device: string): readonly string[] {
  const outside = node.addresses.filter((address) => !isLoopback(address));
  if (device === 'eth0') return outside;
  return device === 'cni0' ? [PODS[family]] : [...outside, PODS[family]];
}

/** The node of a case, with its rules loaded. */
export function nodeOf({ family, iptables, node, flows }: KubeProxyCase, seed: number): Host {
  const six = family === 'ipv6';
  const pods = new Set<string>();
  for (const { src, endpoints } of flows) {
    for (const address of [src, ...(typeof endpoints === 'string' ? [] : endpoints.map(addressOf))]) {
      if (isIn(address, family, node.pod_cidr)) pods.add(address);
    }
  }
  const length = node.pod_cidr.slice(node.pod_cidr.indexOf('/'));
  const flag = six ? '-6 ' : '';
  return buildHost(
    readHostDescription({
      interfaces: [
        {
          name: 'eth0',
          mac: '02:00:00:00:01:00',
          addresses: node.addresses
            .filter((address) => !isLoopback(address))
            .map((address) => `${address}/${six ? 128 : 32}`),
        },
        { name: 'cni0', mac: '02:00:00:00:02:00', addresses: [`${PODS[family]}${length}`] },
      ],
      neighbors: [
        { dev: 'eth0', ip: GATEWAY[family], mac: MAC.gateway },
        ...[...pods].map((ip) => ({ dev: 'cni0', ip, mac: MAC.pod })),
      ],
      routes: [`${flag}${GATEWAY[family]} dev eth0`, `${flag}default via ${GATEWAY[family]} dev eth0`],
      sysctls: {
        'net.ipv4.ip_forward': '1',
        'net.ipv6.conf.all.forwarding': '1',
        'net.ipv4.conf.all.route_localnet': '1',
        'net.ipv4.conf.default.route_localnet': '1',
      },
      [six ? 'ip6tables' : 'iptables']: iptables,
    }),
    { seed },
  );
}

/** Sends the first packet of a connection from this port. */
export function sendFlow(host: Host, flow: Flow, sport: number): Seen {
  const seen = { destination: undefined, source: undefined, device: '', rejected: false } as {
    -readonly [K in keyof Seen]: Seen[K];
  };
  const protocol = PROTOCOL[flow.proto];
  const look = (packet: Packet, device: string) => {
    if (packet.bytes[packet.transport] === undefined) return;
    const port = (at: number) =>
      (packet.bytes[packet.transport + at]! << 8) | packet.bytes[packet.transport + at + 1]!;
    const [from, to, size] = packet.family === 4 ? [12, 16, 4] : [8, 24, 16];
    const text = (at: number) => formatAddress(fromBytes(packet.bytes, packet.network + at, size));
    const number = packet.bytes[packet.network + (packet.family === 4 ? 9 : 6)];
    // A packet of the connection's own, not what answers it.
    if (number !== protocol || port(0) === flow.dport || seen.destination !== undefined) {
      if (seen.destination === undefined) seen.rejected = true;
      return;
    }
    const destination = text(to);
    seen.destination = packet.family === 4 ? `${destination}:${port(2)}` : `[${destination}]:${port(2)}`;
    seen.source = text(from);
    seen.device = device;
  };
  const last = PRIORITY.CONNTRACK_CONFIRM - 1;
  const release = [
    host.hooks.register({
      name: 'leaves',
      hook: POSTROUTING,
      priority: last,
      run: (packet, { outDevice }) => {
        look(packet, host.interfaces.nameOf(outDevice));
        return ACCEPT;
      },
    }),
    host.hooks.register({
      name: 'arrives',
      hook: INPUT,
      priority: last,
      run: (packet) => {
        look(packet, '');
        return ACCEPT;
      },
    }),
  ];
  const end = (address: string, port: number) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const words = flow.proto === 'tcp' ? ' syn' : flow.proto === 'sctp' ? ' init' : '';
  const packet = parsePacket(`${flow.proto} ${end(flow.src, sport)} > ${end(flow.dst, flow.dport)}${words}`);
  if (flow.from === 'node') {
    host.send(packet.packet!);
  } else {
    const device = flow.from === 'pod' ? 'cni0' : 'eth0';
    host.receive(device, packet.frame({ destination: host.interfaces.require(device).mac }));
  }
  for (const one of release) one();
  return seen;
}
