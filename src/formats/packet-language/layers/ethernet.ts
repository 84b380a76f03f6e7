import {
  ETH_DESTINATION_AT,
  ETH_LENGTH,
  ETH_SOURCE_AT,
  ETH_TYPE_AT,
  ethType,
} from '../../../wire/ethernet.ts';
import { mac, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened } from '../layer.ts';
import { concat } from '../values.ts';

/** IEEE 802.3. */
export const DESTINATION_MAC = mac('dst-mac', ETH_DESTINATION_AT);
export const SOURCE_MAC = mac('src-mac', ETH_SOURCE_AT);
const ETHER_TYPE = number('ethertype', ETH_TYPE_AT, 16, { hex: true, computed: true });
const FIELDS = [SOURCE_MAC, DESTINATION_MAC, ETHER_TYPE];

export const ethernet: Layer = {
  name: 'eth',
  protocol: -1,
  initial: () => new Uint8Array(ETH_LENGTH),
  fields: () => FIELDS,
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, ETHER_TYPE, around.next);
    return bytes;
  },
  open(bytes): Opened | undefined {
    if (bytes.length < ETH_LENGTH) return undefined;
    return {
      header: new Header(ethernet, bytes.slice(0, ETH_LENGTH)),
      length: ETH_LENGTH,
      next: ethType(bytes, 0),
    };
  },
};

/**
 * A VLAN tag (IEEE 802.1Q). Kept in the order of the frame from the destination's view: the two bytes of the tag, then
 * the type of what comes next; its own type stands in the header before it.
 */
export const VLAN_ID = number('vlan', 0, 12, { size: 2, short: true, always: true });
const TYPE = number('vlan-type', 2, 16, { hex: true, computed: true });
const VLAN_FIELDS = [
  VLAN_ID,
  number('vlan-priority', 0, 3, { shift: 5 }),
  number('vlan-dei', 0, 1, { shift: 4 }),
  TYPE,
];

export const vlan: Layer = {
  name: 'vlan',
  protocol: -1,
  initial: () => new Uint8Array(4),
  fields: () => VLAN_FIELDS,
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, TYPE, around.next);
    return bytes;
  },
  open(bytes): Opened | undefined {
    if (bytes.length < 4) return undefined;
    return { header: new Header(vlan, bytes.slice(0, 4)), length: 4, next: (bytes[2]! << 8) | bytes[3]! };
  },
};
