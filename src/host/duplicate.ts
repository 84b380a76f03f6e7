import { INFO_UNTRACKED } from '../conntrack/connection.ts';
import { INPUT, PREROUTING } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { get16, get32, set16 } from '../wire/bytes.ts';
import type { Host } from './host.ts';
import { Flow4, type Route4 } from './routing/route4.ts';
import { Flow6, type Route6 } from './routing/route6.ts';

const FRAGMENT_AT = 6;
const DF = 0x4000;
const TTL_AT = 8;
const HOP_LIMIT_AT = 7;

/** See {@link Services.duplicate}. */
export function duplicator(host: Host): Services['duplicate'] {
  let busy = false;
  return (packet, hook, gateway, device) => {
    if (busy) return;
    const copy = host.pool.acquire();
    const { id } = copy;
    copy.copyFrom(packet);
    copy.id = id;
    copy.cause = packet.id;
    copy.sender = undefined;
    copy.connection = undefined;
    copy.connectionInfo = INFO_UNTRACKED;
    // Against loops between two hosts that copy to each other.
    if (hook === PREROUTING || hook === INPUT) {
      const at = copy.network + (copy.family === 4 ? TTL_AT : HOP_LIMIT_AT);
      copy.bytes[at] = copy.bytes[at]! - 1;
    }
    const outDevice = device === '' ? 0 : (host.interfaces.get(device)?.index ?? 0);
    const routed =
      copy.family === 4 ? route4(host, copy, gateway, outDevice) : route6(host, copy, gateway, outDevice);
    if (!routed) {
      host.drop(copy, 'output', 'no route to the gateway');
      return;
    }
    busy = true;
    try {
      send(host, copy);
    } finally {
      busy = false;
    }
  };
}

function send(host: Host, copy: Packet): void {
  if (copy.family === 4) {
    host.ipv4.local.sendOut(copy, 'copied');
    return;
  }
  host.observer?.create?.(copy, 'copied');
  host.observer?.route?.(copy, copy.route, (copy.route as Route6).why);
  host.ipv6.output.local(copy);
}

/** The copy's destination is not the gateway's: the route must say where to go (FLOWI_FLAG_KNOWN_NH). */
function route4(host: Host, copy: Packet, gateway: Uint8Array, outDevice: number): boolean {
  const { bytes, network } = copy;
  set16(bytes, network + FRAGMENT_AT, get16(bytes, network + FRAGMENT_AT) | DF);
  const flow = new Flow4();
  flow.destination = get32(gateway, 0) | 0;
  flow.tos = bytes[network + 1]! & 0x1c;
  flow.outDevice = outDevice;
  const route = host.routing4.output(flow);
  if (typeof route === 'number' || route.error !== 0) return false;
  copy.route = route.gateway !== 0 || route.gateway6 ? route : through4(route, flow.destination);
  return true;
}

function through4(route: Route4, gateway: number): Route4 {
  const { kind, type, outDevice, mtu, realm, error, gateway6, source, isLocal, isBroadcast } = route;
  const { isMulticast, scope, table, entry, generation, metrics, mtuLocked, why } = route;
  return {
    ...{ kind, type, outDevice, mtu, realm, error, gateway, gateway6, source, isLocal, isBroadcast },
    ...{ isMulticast, scope, table, entry, generation, metrics, mtuLocked, why },
  };
}

function route6(host: Host, copy: Packet, gateway: Uint8Array, outDevice: number): boolean {
  const { bytes, network } = copy;
  const flow = new Flow6();
  flow.destination.set(gateway);
  flow.flowLabel = get32(bytes, network) & 0x0fffffff;
  flow.outDevice = outDevice;
  const route = host.routing6.lookupOutput(flow);
  if (route.error !== 0) return false;
  copy.route = route.gateway ? route : through6(route, gateway);
  return true;
}

function through6(route: Route6, gateway: Uint8Array): Route6 {
  const { kind, type, outDevice, mtu, realm, error, device, hopLimit, prefixLength, source } = route;
  const { mtuLocked, entry, why } = route;
  return {
    ...{ kind, type, outDevice, mtu, realm, error, gateway, device, hopLimit, prefixLength, source },
    ...{ mtuLocked, entry, why },
  };
}
