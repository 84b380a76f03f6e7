import { checksum } from '../../../wire/checksum.ts';
import { type Field, ipv4, number } from '../field.ts';
import { compute, type Header, type Layer, openFixed, type Word } from '../layer.ts';
import { concat } from '../values.ts';
import { acceptType, printType, type TypeNames } from './type-names.ts';

/** RFC 792; the names are those of `iptables -p icmp --icmp-type`. */
const NAMES: TypeNames = {
  'echo-reply': [0, 0],
  'network-unreachable': [3, 0],
  'host-unreachable': [3, 1],
  'protocol-unreachable': [3, 2],
  'port-unreachable': [3, 3],
  'fragmentation-needed': [3, 4],
  'source-route-failed': [3, 5],
  'network-unknown': [3, 6],
  'host-unknown': [3, 7],
  'network-prohibited': [3, 9],
  'host-prohibited': [3, 10],
  'TOS-network-unreachable': [3, 11],
  'TOS-host-unreachable': [3, 12],
  'communication-prohibited': [3, 13],
  'host-precedence-violation': [3, 14],
  'precedence-cutoff': [3, 15],
  'source-quench': [4, 0],
  'network-redirect': [5, 0],
  'host-redirect': [5, 1],
  'TOS-network-redirect': [5, 2],
  'TOS-host-redirect': [5, 3],
  'echo-request': [8, 0],
  'router-advertisement': [9, 0],
  'router-solicitation': [10, 0],
  'ttl-zero-during-transit': [11, 0],
  'ttl-zero-during-reassembly': [11, 1],
  'ip-header-bad': [12, 0],
  'required-option-missing': [12, 1],
  'timestamp-request': [13, 0],
  'timestamp-reply': [14, 0],
  'address-mask-request': [17, 0],
  'address-mask-reply': [18, 0],
};
/** Other words that people use for some of them. */
const ALIASES: TypeNames = {
  ping: [8, 0],
  pong: [0, 0],
  'destination-unreachable': [3, 0],
  redirect: [5, 0],
  'time-exceeded': [11, 0],
  'ttl-exceeded': [11, 0],
  'parameter-problem': [12, 0],
};

const TYPE = number('type', 0, 8, { view: true });
const CODE = number('code', 1, 8, { view: true });
const CHECKSUM = number('checksum', 2, 16, { hex: true, computed: true });
const ID = number('id', 4, 16, { short: true });
const SEQUENCE = number('seq', 6, 16, { short: true });
const REST = number('rest', 4, 32, { hex: true });
const MTU = number('mtu', 6, 16, { short: true });
const UNUSED = number('unused', 4, 16, { hex: true });
const GATEWAY = ipv4('gateway', 4, { short: true });
const POINTER = number('pointer', 4, 8, { short: true });
const AFTER_POINTER = number('unused', 5, 24, { hex: true });

const COMMON = [TYPE, CODE, CHECKSUM];
const BY_TYPE: Readonly<Record<number, readonly Field[]>> = {
  3: [MTU, UNUSED],
  5: [GATEWAY],
  12: [POINTER, AFTER_POINTER],
  ...Object.fromEntries([0, 8, 13, 14, 15, 16, 17, 18].map((type) => [type, [ID, SEQUENCE]])),
};

export const icmp: Layer = {
  name: 'icmp',
  protocol: 1,
  vocabulary: [...Object.keys(NAMES), ...Object.keys(ALIASES)],
  initial: () => Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0),
  fields: (header) => [...COMMON, ...(BY_TYPE[header.bytes[0]!] ?? [REST])],
  accept: (word, header) => acceptType(word, header, NAMES) || acceptType(word, header, ALIASES),
  seal(header: Header, payload: Uint8Array): Uint8Array {
    const bytes = concat(header.bytes, payload);
    compute(header, bytes, CHECKSUM, checksum(bytes, 0, bytes.length));
    return bytes;
  },
  open: (bytes) => openFixed(icmp, bytes, 8),
  print: (header): Word[] => printType(header, NAMES),
};
