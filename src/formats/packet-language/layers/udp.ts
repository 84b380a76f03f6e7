import { checksum, udpChecksum } from '../../../wire/checksum.ts';
import {
  UDP_CHECKSUM_AT,
  UDP_DESTINATION_PORT_AT,
  UDP_LENGTH,
  UDP_LENGTH_AT,
  UDP_SOURCE_PORT_AT,
} from '../../../wire/udp.ts';
import { number } from '../field.ts';
import { type Around, compute, type Header, type Layer, openFixed } from '../layer.ts';
import { concat } from '../values.ts';

/** RFC 768. */
const SOURCE = number('sport', UDP_SOURCE_PORT_AT, 16);
const DESTINATION = number('dport', UDP_DESTINATION_PORT_AT, 16);
const LENGTH = number('length', UDP_LENGTH_AT, 16, { computed: true });
const CHECKSUM = number('checksum', UDP_CHECKSUM_AT, 16, { hex: true, computed: true });

export const udp: Layer = {
  name: 'udp',
  protocol: 17,
  ports: [SOURCE, DESTINATION],
  initial: () => new Uint8Array(UDP_LENGTH),
  fields: () => [LENGTH, CHECKSUM],
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, LENGTH, bytes.length);
    // Zero says that there is none, so a sum of zero is sent as its other form.
    compute(
      header,
      bytes,
      CHECKSUM,
      udpChecksum(checksum(bytes, 0, bytes.length, around.pseudo(17, bytes.length))),
    );
    return bytes;
  },
  open: (bytes) => openFixed(udp, bytes, UDP_LENGTH),
};

/** RFC 3828. A coverage of 0 is the whole packet. */
const COVERAGE = number('coverage', 4, 16);

export const udplite: Layer = {
  name: 'udplite',
  protocol: 136,
  ports: [SOURCE, DESTINATION],
  initial: () => new Uint8Array(UDP_LENGTH),
  fields: () => [COVERAGE, CHECKSUM],
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    const coverage = (bytes[4]! << 8) | bytes[5]!;
    const covered = coverage === 0 ? bytes.length : Math.min(coverage, bytes.length);
    compute(
      header,
      bytes,
      CHECKSUM,
      udpChecksum(checksum(bytes, 0, covered, around.pseudo(136, bytes.length))),
    );
    return bytes;
  },
  open: (bytes) => openFixed(udplite, bytes, UDP_LENGTH),
};
