import { get16, set16 } from './bytes.ts';
import { CUT, OK } from './check.ts';
import { ETHERTYPE_QINQ, ETHERTYPE_VLAN } from './protocols.ts';

/** Ethernet II header, and IEEE 802.1Q tags behind it. */

export const ETH_LENGTH = 14;
export const ETH_DESTINATION_AT = 0;
export const ETH_SOURCE_AT = 6;
export const ETH_TYPE_AT = 12;
/** Below this the type field is a length (IEEE 802.3). */
export const ETH_FIRST_TYPE = 0x600;
/** A tag: control information and the type of what follows. */
export const VLAN_LENGTH = 4;

/** OK or CUT. */
export function checkEthernet(_b: Uint8Array, o: number, end: number): number {
  return o + ETH_LENGTH > end ? CUT : OK;
}

/** The type field; below {@link ETH_FIRST_TYPE} it is the length of an 802.3 frame. */
export function ethType(b: Uint8Array, o: number): number {
  return get16(b, o + 12);
}

export function setEthType(b: Uint8Array, o: number, type: number): void {
  set16(b, o + 12, type);
}

/** To all or to a group: the lowest bit of the first byte. */
export function ethIsMulticast(b: Uint8Array, o: number): boolean {
  return (b[o]! & 1) !== 0;
}

/** To ff:ff:ff:ff:ff:ff. */
export function ethIsBroadcast(b: Uint8Array, o: number): boolean {
  return (b[o]! & b[o + 1]! & b[o + 2]! & b[o + 3]! & b[o + 4]! & b[o + 5]!) === 255;
}

export function setEthDestination(b: Uint8Array, o: number, mac: Uint8Array, mo = 0): void {
  for (let i = 0; i < 6; i++) b[o + i] = mac[mo + i]!;
}

export function setEthSource(b: Uint8Array, o: number, mac: Uint8Array, mo = 0): void {
  for (let i = 0; i < 6; i++) b[o + 6 + i] = mac[mo + i]!;
}

/** Is this the type of an 802.1Q or 802.1ad tag? */
export function isVlanType(type: number): boolean {
  return type === ETHERTYPE_VLAN || type === ETHERTYPE_QINQ;
}

/** OK or CUT; `o` is that of the tag, behind the type field that announced it. */
export function checkVlan(_b: Uint8Array, o: number, end: number): number {
  return o + VLAN_LENGTH > end ? CUT : OK;
}

/** VLAN number, 0 to 4095. */
export function vlanId(b: Uint8Array, o: number): number {
  return get16(b, o) & 0xfff;
}

/** Priority, 0 to 7. */
export function vlanPriority(b: Uint8Array, o: number): number {
  return b[o]! >> 5;
}

/** Drop eligible. */
export function vlanDropEligible(b: Uint8Array, o: number): boolean {
  return (b[o]! & 0x10) !== 0;
}

/** EtherType behind the tag. */
export function vlanType(b: Uint8Array, o: number): number {
  return get16(b, o + 2);
}

/** What the type fields of a frame lead to, tags passed. One object, reused. */
export class EthPayload {
  /** EtherType behind all tags; -1 if a header is cut off. */
  type = -1;
  /** Offset of what has this type. */
  offset = 0;
  /** How many tags there are. */
  tags = 0;

  find(b: Uint8Array, o: number, end: number): this {
    this.type = -1;
    this.tags = 0;
    this.offset = o + ETH_LENGTH;
    if (this.offset > end) return this;
    let type = ethType(b, o);
    while (isVlanType(type)) {
      if (this.offset + VLAN_LENGTH > end) return this;
      type = vlanType(b, this.offset);
      this.offset += VLAN_LENGTH;
      this.tags++;
    }
    this.type = type;
    return this;
  }
}
