import { number } from '../field.ts';
import { type Around, compute, type Header, type Layer, openFixed } from '../layer.ts';
import { fold, sum16 } from '../sums.ts';
import { concat } from '../values.ts';

/** RFC 768. */
const SOURCE = number('sport', 0, 16);
const DESTINATION = number('dport', 2, 16);
const LENGTH = number('length', 4, 16, { computed: true });
const CHECKSUM = number('checksum', 6, 16, { hex: true, computed: true });

export const udp: Layer = {
  name: 'udp',
  protocol: 17,
  ports: [SOURCE, DESTINATION],
  initial: () => new Uint8Array(8),
  fields: () => [LENGTH, CHECKSUM],
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, LENGTH, bytes.length);
    // Zero says that there is none, so a sum of zero is sent as its other form.
    compute(header, bytes, CHECKSUM, fold(around.pseudo(17, bytes.length) + sum16(bytes)) || 0xffff);
    return bytes;
  },
  open: (bytes) => openFixed(udp, bytes, 8),
};

/** RFC 3828. A coverage of 0 is the whole packet. */
const COVERAGE = number('coverage', 4, 16);

export const udplite: Layer = {
  name: 'udplite',
  protocol: 136,
  ports: [SOURCE, DESTINATION],
  initial: () => new Uint8Array(8),
  fields: () => [COVERAGE, CHECKSUM],
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, payload);
    const coverage = (bytes[4]! << 8) | bytes[5]!;
    const covered = coverage === 0 ? bytes : bytes.subarray(0, coverage);
    compute(header, bytes, CHECKSUM, fold(around.pseudo(136, bytes.length) + sum16(covered)) || 0xffff);
    return bytes;
  },
  open: (bytes) => openFixed(udplite, bytes, 8),
};
