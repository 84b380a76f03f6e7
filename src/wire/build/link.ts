import { isMulticast4, isMulticast6, multicastMac4, multicastMac6 } from '../address.ts';
import { ARP_LENGTH, ARP_REQUEST } from '../arp.ts';
import { concatBytes, get16, get32, set16, set32 } from '../bytes.ts';
import { ETH_LENGTH, isVlanType, VLAN_LENGTH } from '../ethernet.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from '../protocols.ts';
import {
  type Around,
  field8,
  field16,
  type Ipv4Like,
  ipv4Field,
  type MacLike,
  macField,
  numberField,
} from './fields.ts';

/** Builders of Ethernet, 802.1Q and ARP. */

/** The EtherType of a payload that nobody named: IEEE 802's for local experiments. */
const EXPERIMENTAL = 0x88b5;

const MAC_1 = Uint8Array.of(2, 0, 0, 0, 0, 1);
const MAC_2 = Uint8Array.of(2, 0, 0, 0, 0, 2);
const BROADCAST = new Uint8Array(6).fill(255);
const NO_MAC = new Uint8Array(6);

export interface EthernetFields {
  /** Default 02:00:00:00:00:01. */
  readonly source?: MacLike;
  /** Default: the group's address for a packet to a group or to all, else 02:00:00:00:00:02. */
  readonly destination?: MacLike;
  /** Default: that of what follows. */
  readonly type?: number;
}

export function buildEthernet(fields: EthernetFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const type = field16('ethernet.type', fields.type, around.etherType ?? EXPERIMENTAL);
  const header = new Uint8Array(ETH_LENGTH);
  const fallback = groupMac(type, payload) ?? MAC_2;
  header.set(macField('ethernet.destination', fields.destination, fallback), 0);
  header.set(macField('ethernet.source', fields.source, MAC_1), 6);
  set16(header, 12, type);
  return concatBytes(header, payload);
}

/** Where a packet to many goes; undefined for one to a single host. */
function groupMac(type: number, payload: Uint8Array): Uint8Array | undefined {
  let next = type;
  let o = 0;
  while (isVlanType(next) && o + VLAN_LENGTH <= payload.length) {
    next = get16(payload, o + 2);
    o += VLAN_LENGTH;
  }
  if (next === ETHERTYPE_IPV4 && o + 20 <= payload.length) {
    const destination = get32(payload, o + 16);
    if (destination === -1) return BROADCAST;
    return isMulticast4(destination) ? multicastMac4(destination) : undefined;
  }
  if (next === ETHERTYPE_IPV6 && o + 40 <= payload.length) {
    return isMulticast6(payload, o + 24) ? multicastMac6(payload, o + 24) : undefined;
  }
  if (next === ETHERTYPE_ARP && o + 8 <= payload.length) {
    return get16(payload, o + 6) === ARP_REQUEST ? BROADCAST : undefined;
  }
  return undefined;
}

export interface VlanFields {
  /** 0 to 4095, default 1. */
  readonly id?: number;
  /** 0 to 7. */
  readonly priority?: number;
  readonly dropEligible?: boolean;
  /** EtherType behind the tag; default: that of what follows. */
  readonly type?: number;
}

export function buildVlan(fields: VlanFields, payload: Uint8Array, around: Around = {}): Uint8Array {
  const header = new Uint8Array(VLAN_LENGTH);
  const priority = numberField('vlan.priority', fields.priority, 0, 7);
  const id = numberField('vlan.id', fields.id, 1, 4095);
  set16(header, 0, (priority << 13) | (fields.dropEligible ? 0x1000 : 0) | id);
  set16(header, 2, field16('vlan.type', fields.type, around.etherType ?? EXPERIMENTAL));
  return concatBytes(header, payload);
}

export interface ArpFields {
  readonly hardwareType?: number;
  readonly protocolType?: number;
  readonly hardwareLength?: number;
  readonly protocolLength?: number;
  /** Default: request. */
  readonly operation?: number;
  readonly senderMac?: MacLike;
  readonly senderIp?: Ipv4Like;
  /** Default: zeros. */
  readonly targetMac?: MacLike;
  readonly targetIp?: Ipv4Like;
}

export function buildArp(fields: ArpFields, payload: Uint8Array): Uint8Array {
  const b = new Uint8Array(ARP_LENGTH);
  set16(b, 0, field16('arp.hardwareType', fields.hardwareType, 1));
  set16(b, 2, field16('arp.protocolType', fields.protocolType, ETHERTYPE_IPV4));
  b[4] = field8('arp.hardwareLength', fields.hardwareLength, 6);
  b[5] = field8('arp.protocolLength', fields.protocolLength, 4);
  set16(b, 6, field16('arp.operation', fields.operation, ARP_REQUEST));
  b.set(macField('arp.senderMac', fields.senderMac, MAC_1), 8);
  set32(b, 14, ipv4Field('arp.senderIp', fields.senderIp, DEFAULT_SOURCE4));
  b.set(macField('arp.targetMac', fields.targetMac, NO_MAC), 18);
  set32(b, 24, ipv4Field('arp.targetIp', fields.targetIp, DEFAULT_DESTINATION4));
  return concatBytes(b, payload);
}

/** 192.0.2.1 and 192.0.2.2, of the network for documentation (RFC 5737). */
export const DEFAULT_SOURCE4 = 0xc0000201 | 0;
export const DEFAULT_DESTINATION4 = 0xc0000202 | 0;
