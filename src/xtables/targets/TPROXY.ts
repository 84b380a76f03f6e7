import { PREROUTING } from '../../netfilter/constants.ts';
import type { LocalSocket } from '../../netfilter/local-socket.ts';
import type { Packet } from '../../netfilter/packet.ts';
import type { Services } from '../../netfilter/services.ts';
import { ACCEPT, DROP } from '../../netfilter/verdict.ts';
import { Ipv6Walk } from '../../wire/ipv6-extensions.ts';
import { type Address, ANY, formatAddress, isZero, toBytes } from '../address.ts';
import { defineTarget, option, type ValueType } from '../extension.ts';
import { parseHost } from '../hosts.ts';
import { packetTuple } from '../packet-socket.ts';
import { resolvedPort } from '../ports.ts';
import { hex, type Masked, markMask } from '../values.ts';

const TCP = 6;
const UDP = 17;
const TCP_LENGTH = 20;
const UDP_LENGTH = 8;

const host: ValueType<Address> = {
  syntax: 'address',
  argument: 'required',
  parse: (given, context) => parseHost(given, context),
  print: (value) => formatAddress(value),
};

/** As {@link markMask}, but always with its mask. */
const mark: ValueType<Masked> = {
  ...markMask,
  print: ({ value, mask }) => `${hex(value)}/${hex(mask)}`,
};

const WALK = new Ipv6Walk();

export const TPROXY = defineTarget({
  name: 'TPROXY',
  revision: 1,
  summary: 'gives the packet to a local socket without changing it',
  about:
    'For TCP and UDP, in PREROUTING of mangle. A connection that stands with the packet’s own addresses comes first, then a ' +
    'socket that listens at --on-ip and --on-port. The socket must be transparent (IP_TRANSPARENT); without one the packet ' +
    'is dropped. The packet still needs a route to this host, as `ip rule add fwmark 1 table 100` with ' +
    '`ip route add local default dev lo table 100` gives: one that would be forwarded is dropped.',
  source: 'net/netfilter/xt_TPROXY.c tproxy_tg4, tproxy_tg6_v1; net/ipv4/netfilter/nf_tproxy_ipv4.c',
  table: 'mangle',
  hooks: [PREROUTING],
  options: {
    'on-port': option(resolvedPort, { required: true, help: 'Port of the socket; 0: that of the packet.' }),
    'on-ip': option(host, {
      help: 'Address of the socket; if left out, the first one of the interface that the packet came in by.',
    }),
    'tproxy-mark': option(mark, {
      help: 'The bits of mask are set to those of value in the mark (XOR beyond it).',
    }),
  },
  terminal: true,
  settle: (values, { family }) => ({
    ...values,
    'on-ip': values['on-ip'] ?? { value: ANY[family], inverted: false },
    'tproxy-mark': values['tproxy-mark'] ?? { value: { value: 0, mask: 0 }, inverted: false },
  }),
  list({ 'on-port': port, 'on-ip': ip, 'tproxy-mark': marked }, context) {
    if (!port || !ip || !marked) return '';
    return ` TPROXY redirect ${formatAddress(ip.value)}:${port.value} mark ${mark.print(marked.value, context)}`;
  },
  check(_values, { protocol, protocolInverted, family, services }) {
    if ((protocol === TCP || protocol === UDP) && !protocolInverted) return undefined;
    // By then fragments are being gathered, and nobody ends it (net/netfilter/xt_TPROXY.c tproxy_tg4_check).
    services.defragment(family);
    return 'EINVAL';
  },
  create({ 'on-port': port, 'on-ip': ip, 'tproxy-mark': marked }, environment) {
    const { family, services } = environment;
    environment.onDestroy(services.defragment(family));
    const address = ip && !isZero(ip.value) ? toBytes(ip.value) : undefined;
    const { value, mask } = marked?.value ?? { value: 0, mask: 0 };
    return (packet, place) => {
      const found = socketFor(packet, place.inDevice, services, address, port?.value ?? 0);
      if (!found?.transparent) return DROP;
      packet.mark = ((packet.mark & ~mask) ^ value) >>> 0;
      packet.sender = found;
      return ACCEPT;
    };
  },
});

function socketFor(
  packet: Packet,
  device: number,
  services: Services,
  address: Uint8Array | undefined,
  port: number,
): LocalSocket | undefined {
  const { bytes, network, family, end } = packet;
  let protocol: number;
  let at: number;
  if (family === 4) {
    protocol = bytes[network + 9]!;
    at = network + (bytes[network]! & 15) * 4;
  } else {
    if (!WALK.find(bytes, network, end)) return undefined;
    protocol = WALK.protocol;
    at = WALK.offset;
  }
  if ((protocol !== TCP && protocol !== UDP) || at + (protocol === TCP ? TCP_LENGTH : UDP_LENGTH) > end) {
    return undefined;
  }
  const { sockets } = services;
  const tuple = packetTuple(packet, protocol, at, device);
  const connected = sockets.connected(tuple);
  if (connected) return connected;
  const own = address ?? services.proxyAddress(family, device);
  if (own) {
    tuple.own = own;
    tuple.ownAt = 0;
  }
  if (port !== 0) tuple.ownPort = port;
  return sockets.listening(tuple);
}
