import type { Packet } from '../../netfilter/packet.ts';
import { ROUTE_TYPE } from '../../netfilter/services.ts';
import { get32 } from '../../wire/bytes.ts';
import { IPV4_DESTINATION_AT, IPV4_PROTOCOL_AT, IPV4_SOURCE_AT, IPV4_TOS_AT } from '../../wire/ipv4.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';
import { network } from '../routing/fib4.ts';
import type { Flow4 } from '../routing/route4.ts';
import { dotted, isLimitedBroadcast, isMulticast4, isZeronet } from '../routing/special4.ts';
import { source } from './header.ts';

const NO_DISCOVERY = 2;
const ONLY_CHECKED = 3;
const LAST_REDIRECT = 3;

/** The flow that a quoted packet of this host's was of. */
function quotedFlow(host: Host, packet: Packet, quoted: number): Flow4 {
  const { bytes } = packet;
  const flow = host.ipv4.newFlow();
  flow.destination = get32(bytes, quoted + IPV4_DESTINATION_AT);
  flow.source = get32(bytes, quoted + IPV4_SOURCE_AT);
  flow.tos = bytes[quoted + IPV4_TOS_AT]! & 0xfc;
  flow.protocol = bytes[quoted + IPV4_PROTOCOL_AT]!;
  return flow;
}

/** A router says that what it quotes was too long for its next link (net/ipv4/route.c __ip_rt_update_pmtu). */
export function learnMtu(host: Host, packet: Packet, quoted: number, said: number): void {
  const { ip_no_pmtu_disc: mode, route_min_pmtu: least, route_mtu_expires: holds } = host.ipv4.settings;
  // 3: only for protocols that check the quoted packet, which neither ICMP nor UDP does.
  if (mode === NO_DISCOVERY || mode === ONLY_CHECKED) return;
  const flow = quotedFlow(host, packet, quoted);
  const { destination } = flow;
  const route = host.routing4.output(flow);
  if (typeof route === 'number' || route.mtuLocked) return;
  const now = host.ipv4.pathMtu(route);
  const mtu = mode === 0 ? said : 0;
  if (now < mtu) return;
  // A path is taken to carry the least that is set, whatever a router says.
  const locked = mtu < least;
  host.routing4.exceptions.learnMtu(destination, locked ? Math.min(now, least) : mtu, holds, locked);
}

/** A router says that another one is nearer (net/ipv4/route.c __ip_do_redirect). */
export function learnRedirect(
  host: Host,
  packet: Packet,
  quoted: number,
  code: number,
  gateway: number,
): void {
  if ((code & 7) > LAST_REDIRECT) return;
  const flow = quotedFlow(host, packet, quoted);
  const { destination } = flow;
  const route = host.routing4.output(flow);
  const teller = source(packet);
  if (typeof route === 'number' || route.gateway !== teller) return;
  const device = host.interfaces.byIndex(packet.inDevice);
  if (!device) return;
  if (!isAcceptable(host, device, gateway, teller)) {
    if (device.logMartians) {
      const text = `Redirect from ${dotted(teller)} on ${device.name} about ${dotted(gateway)} ignored`;
      host.services.log(
        6,
        `IPv4: ${text}\n  Advised path = ${dotted(flow.source)} -> ${dotted(destination)}`,
      );
    }
    return;
  }
  // A gateway whose link-layer address is not known is asked for it; only the next redirect will count.
  if (host.neighbours.isKnown4(route.outDevice, gateway)) {
    host.routing4.exceptions.learnGateway(destination, gateway);
  }
}

function isAcceptable(host: Host, device: Interface, gateway: number, teller: number): boolean {
  const { routing4 } = host;
  if (gateway === teller || !device.acceptRedirects) return false;
  if (isMulticast4(gateway) || isLimitedBroadcast(gateway) || isZeronet(gateway)) return false;
  if (device.sharedMedia) return routing4.addressType(gateway) === ROUTE_TYPE.UNICAST;
  const onLink = device.addresses4.some(
    ({ peer, prefixLength, secondary }) =>
      !secondary && network(peer ^ gateway, prefixLength) === 0 && network(peer ^ teller, prefixLength) === 0,
  );
  return onLink && !(device.secureRedirects && !isDefaultGateway(host, device, gateway));
}

/** Whether a default route goes by the gateway: with secure_redirects, only such are believed (ip_fib_check_default). */
function isDefaultGateway(host: Host, device: Interface, gateway: number): boolean {
  return host.routing4
    .tables()
    .flatMap((table) => table.list())
    .flatMap((entry) => entry.nextHops)
    .some((hop) => hop.device === device.index && hop.gateway === gateway);
}
