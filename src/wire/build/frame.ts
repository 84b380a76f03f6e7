import {
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_TEB,
  ETHERTYPE_VLAN,
  IPPROTO_AH,
  IPPROTO_DCCP,
  IPPROTO_DSTOPTS,
  IPPROTO_ESP,
  IPPROTO_FRAGMENT,
  IPPROTO_GRE,
  IPPROTO_HOPOPTS,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_IGMP,
  IPPROTO_IPIP,
  IPPROTO_IPV6,
  IPPROTO_MH,
  IPPROTO_ROUTING,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from '../protocols.ts';
import { buildDccp, type DccpFields } from './dccp.ts';
import {
  buildDestinationOptions,
  buildFragment,
  buildHopByHop,
  buildMobility,
  buildRouting,
  type FragmentFields,
  type MobilityFields,
  type OptionsHeaderFields,
  pseudoOfRouting,
  type RoutingFields,
} from './extensions.ts';
import { type Around, NO_BYTES, type Pseudo } from './fields.ts';
import { buildIcmp, buildIcmpv6, type IcmpFields, type Icmpv6Fields } from './icmp.ts';
import { buildIgmp, type IgmpFields } from './igmp.ts';
import { buildIpv4, buildIpv6, type Ipv4Fields, type Ipv6Fields, pseudoOfIpv4, pseudoOfIpv6 } from './ip.ts';
import {
  type ArpFields,
  buildArp,
  buildEthernet,
  buildVlan,
  type EthernetFields,
  type VlanFields,
} from './link.ts';
import {
  buildNeighbourAdvertisement,
  buildNeighbourSolicitation,
  buildRedirect,
  buildRouterAdvertisement,
  buildRouterSolicitation,
  type NeighbourAdvertisementFields,
  type NeighbourSolicitationFields,
  type RedirectFields,
  type RouterAdvertisementFields,
  type RouterSolicitationFields,
} from './neighbour-discovery.ts';
import { buildSctp, type SctpFields } from './sctp.ts';
import { buildTcp, type TcpFields } from './tcp.ts';
import { type AhFields, buildAh, buildEsp, buildGre, type EspFields, type GreFields } from './tunnel.ts';
import { buildUdp, buildUdplite, type UdpFields, type UdpliteFields } from './udp.ts';

/** The fields of each kind of header. */
export interface LayerFields {
  ethernet: EthernetFields;
  vlan: VlanFields;
  arp: ArpFields;
  ipv4: Ipv4Fields;
  ipv6: Ipv6Fields;
  hopByHop: OptionsHeaderFields;
  destinationOptions: OptionsHeaderFields;
  routing: RoutingFields;
  fragment: FragmentFields;
  mobility: MobilityFields;
  ah: AhFields;
  esp: EspFields;
  gre: GreFields;
  tcp: TcpFields;
  udp: UdpFields;
  udplite: UdpliteFields;
  icmp: IcmpFields;
  icmpv6: Icmpv6Fields;
  neighbourSolicitation: NeighbourSolicitationFields;
  neighbourAdvertisement: NeighbourAdvertisementFields;
  routerSolicitation: RouterSolicitationFields;
  routerAdvertisement: RouterAdvertisementFields;
  redirect: RedirectFields;
  igmp: IgmpFields;
  sctp: SctpFields;
  dccp: DccpFields;
}

/** One header by its kind: `{ tcp: { destinationPort: 80 } }`. */
export type FrameLayer = {
  [K in keyof LayerFields]: { readonly [P in K]: LayerFields[K] };
}[keyof LayerFields];

interface LayerKind<F> {
  build(fields: F, payload: Uint8Array, around: Around): Uint8Array;
  /** Its number behind IP; undefined if it does not come there. */
  readonly protocol?: number;
  /** Its number behind Ethernet. */
  readonly etherType?: number;
  /** The addresses for what is inside; without it those around it stay. */
  pseudo?(fields: F, outer: Pseudo | undefined): Pseudo | undefined;
}

/** Ethernet in IP (RFC 8986 section 10.1). */
const IPPROTO_ETHERNET = 143;

const KINDS: { readonly [K in keyof LayerFields]: LayerKind<LayerFields[K]> } = {
  ethernet: { build: buildEthernet, protocol: IPPROTO_ETHERNET, etherType: ETHERTYPE_TEB },
  vlan: { build: buildVlan, etherType: ETHERTYPE_VLAN },
  arp: { build: buildArp, etherType: ETHERTYPE_ARP },
  ipv4: { build: buildIpv4, protocol: IPPROTO_IPIP, etherType: ETHERTYPE_IPV4, pseudo: pseudoOfIpv4 },
  ipv6: { build: buildIpv6, protocol: IPPROTO_IPV6, etherType: ETHERTYPE_IPV6, pseudo: pseudoOfIpv6 },
  hopByHop: { build: buildHopByHop, protocol: IPPROTO_HOPOPTS },
  destinationOptions: { build: buildDestinationOptions, protocol: IPPROTO_DSTOPTS },
  routing: { build: buildRouting, protocol: IPPROTO_ROUTING, pseudo: pseudoOfRouting },
  fragment: { build: buildFragment, protocol: IPPROTO_FRAGMENT },
  mobility: { build: buildMobility, protocol: IPPROTO_MH },
  ah: { build: buildAh, protocol: IPPROTO_AH },
  esp: { build: buildEsp, protocol: IPPROTO_ESP },
  gre: { build: buildGre, protocol: IPPROTO_GRE },
  tcp: { build: buildTcp, protocol: IPPROTO_TCP },
  udp: { build: buildUdp, protocol: IPPROTO_UDP },
  udplite: { build: buildUdplite, protocol: IPPROTO_UDPLITE },
  icmp: { build: buildIcmp, protocol: IPPROTO_ICMP },
  icmpv6: { build: buildIcmpv6, protocol: IPPROTO_ICMPV6 },
  neighbourSolicitation: { build: buildNeighbourSolicitation, protocol: IPPROTO_ICMPV6 },
  neighbourAdvertisement: { build: buildNeighbourAdvertisement, protocol: IPPROTO_ICMPV6 },
  routerSolicitation: { build: buildRouterSolicitation, protocol: IPPROTO_ICMPV6 },
  routerAdvertisement: { build: buildRouterAdvertisement, protocol: IPPROTO_ICMPV6 },
  redirect: { build: buildRedirect, protocol: IPPROTO_ICMPV6 },
  igmp: { build: buildIgmp, protocol: IPPROTO_IGMP },
  sctp: { build: buildSctp, protocol: IPPROTO_SCTP },
  dccp: { build: buildDccp, protocol: IPPROTO_DCCP },
};

/**
 * A frame, or a packet if it begins with IP, from the outermost header in; bytes, the payload, may come last:
 * `buildFrame({ ethernet: {} }, { ipv4: { ttl: 1 } }, { udp: { destinationPort: 53 } }, payload)`.
 * Lengths, numbers of protocols and checksums are computed unless a field says otherwise, so that broken packets can be
 * built, too. Throws RangeError that names a field out of its range.
 */
export function buildFrame(...parts: readonly (FrameLayer | Uint8Array)[]): Uint8Array {
  const last = parts.at(-1);
  const hasPayload = last instanceof Uint8Array;
  const layers = (hasPayload ? parts.slice(0, -1) : parts).map(layerOf);
  const pseudos: (Pseudo | undefined)[] = [];
  let pseudo: Pseudo | undefined;
  for (const { kind, fields } of layers) {
    pseudos.push(pseudo);
    if (kind.pseudo) pseudo = kind.pseudo(fields, pseudo);
  }
  let bytes = hasPayload ? last : NO_BYTES;
  for (let i = layers.length - 1; i >= 0; i--) {
    const { kind, fields } = layers[i]!;
    const next = layers[i + 1]?.kind;
    bytes = kind.build(fields, bytes, {
      protocol: next?.protocol,
      etherType: next?.etherType,
      pseudo: pseudos[i],
    });
  }
  return bytes;
}

interface Given {
  readonly kind: LayerKind<unknown>;
  readonly fields: unknown;
}

function layerOf(part: FrameLayer | Uint8Array, index: number): Given {
  if (part instanceof Uint8Array) throw new RangeError(`part ${index + 1}: bytes can only come last`);
  const entries = Object.entries(part);
  const [name, fields] = entries[0] ?? ['', undefined];
  if (entries.length !== 1 || !Object.hasOwn(KINDS, name)) {
    const found = entries.length === 0 ? 'none' : entries.map(([key]) => key).join(', ');
    throw new RangeError(`part ${index + 1}: ${found} is not one of ${Object.keys(KINDS).join(', ')}`);
  }
  return { kind: KINDS[name as keyof LayerFields] as LayerKind<unknown>, fields };
}
