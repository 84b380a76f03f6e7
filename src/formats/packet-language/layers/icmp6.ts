import { checksum } from '../../../wire/checksum.ts';
import { type Field, flag, ipv6, number } from '../field.ts';
import { type Around, compute, Header, type Layer, type Opened, type Word } from '../layer.ts';
import type { Reader } from '../reader.ts';
import { concat, printHex, printMac, readHex, readMac, readNumber } from '../values.ts';
import { acceptType, printType, type TypeNames } from './type-names.ts';

/** RFC 4443, RFC 4861, RFC 2710; the names are those of `ip6tables -p icmpv6 --icmpv6-type`, and MLD's own. */
const NAMES: TypeNames = {
  'no-route': [1, 0],
  'communication-prohibited': [1, 1],
  'beyond-scope': [1, 2],
  'address-unreachable': [1, 3],
  'port-unreachable': [1, 4],
  'failed-policy': [1, 5],
  'reject-route': [1, 6],
  'packet-too-big': [2, 0],
  'ttl-zero-during-transit': [3, 0],
  'ttl-zero-during-reassembly': [3, 1],
  'bad-header': [4, 0],
  'unknown-header-type': [4, 1],
  'unknown-option': [4, 2],
  'echo-request': [128, 0],
  'echo-reply': [129, 0],
  'multicast-listener-query': [130, 0],
  'multicast-listener-report': [131, 0],
  'multicast-listener-done': [132, 0],
  'router-solicitation': [133, 0],
  'router-advertisement': [134, 0],
  'neighbour-solicitation': [135, 0],
  'neighbour-advertisement': [136, 0],
  redirect: [137, 0],
  'multicast-listener-report-v2': [143, 0],
};
const ALIASES: TypeNames = {
  ping: [128, 0],
  pong: [129, 0],
  'destination-unreachable': [1, 0],
  'time-exceeded': [3, 0],
  'ttl-exceeded': [3, 0],
  'parameter-problem': [4, 0],
  'neighbor-solicitation': [135, 0],
  'neighbor-advertisement': [136, 0],
};

const TYPE = number('type', 0, 8, { view: true });
const CODE = number('code', 1, 8, { view: true });
const CHECKSUM = number('checksum', 2, 16, { hex: true, computed: true });
const COMMON = [TYPE, CODE, CHECKSUM];
const ECHO = [number('id', 4, 16, { short: true }), number('seq', 6, 16, { short: true })];
const REST = [number('rest', 4, 32, { hex: true })];
const LISTENER = [
  number('max-delay', 4, 16),
  number('reserved', 6, 16, { hex: true }),
  ipv6('group', 8, { short: true }),
];
const TARGET = ipv6('target', 8, { short: true });

/** What stands behind the checksum, by type; a list is as long as the header needs. */
const BY_TYPE: Readonly<Record<number, readonly Field[]>> = {
  2: [number('mtu', 4, 32, { short: true })],
  4: [number('pointer', 4, 32, { short: true })],
  128: ECHO,
  129: ECHO,
  130: LISTENER,
  131: LISTENER,
  132: LISTENER,
  134: [
    number('hop-limit', 4, 8),
    flag('managed', 5, 7),
    flag('other', 5, 6),
    number('reserved', 5, 6, { hex: true }),
    number('lifetime', 6, 16),
    number('reachable', 8, 32),
    number('retransmit', 12, 32),
  ],
  135: [number('reserved', 4, 32, { hex: true }), TARGET],
  136: [
    flag('router', 4, 7),
    flag('solicited', 4, 6),
    flag('override', 4, 5),
    number('reserved', 4, 29, { size: 4, hex: true }),
    TARGET,
  ],
  137: [number('reserved', 4, 32, { hex: true }), TARGET, ipv6('destination', 24, { short: true })],
};
const LENGTHS: Readonly<Record<number, number>> = {
  130: 24,
  131: 24,
  132: 24,
  134: 16,
  135: 24,
  136: 24,
  137: 40,
};

/** Types whose header is followed by options of neighbour discovery (RFC 4861, section 4.6). */
const WITH_OPTIONS = [133, 134, 135, 136, 137];
const SOURCE_ADDRESS = 1;
const TARGET_ADDRESS = 2;
const MTU = 5;

export const icmp6: Layer = {
  name: 'icmp6',
  protocol: 58,
  vocabulary: ['slla', 'tlla', 'nd-mtu', 'nd-option', ...Object.keys(NAMES), ...Object.keys(ALIASES)],
  initial: () => Uint8Array.of(128, 0, 0, 0, 0, 0, 0, 0),
  fields: (header) => [...COMMON, ...(BY_TYPE[header.bytes[0]!] ?? REST)],
  accept,
  seal(header: Header, payload: Uint8Array, around: Around): Uint8Array {
    const bytes = concat(header.bytes, header.optionBytes, payload);
    compute(header, bytes, CHECKSUM, 0);
    compute(header, bytes, CHECKSUM, checksum(bytes, 0, bytes.length, around.pseudo(58, bytes.length)));
    return bytes;
  },
  open,
  print: (header): Word[] => [...printType(header, NAMES), ...printOptions(header.optionBytes)],
};

function accept(word: string, header: Header, reader: Reader): boolean {
  if (acceptType(word, header, NAMES) || acceptType(word, header, ALIASES)) {
    grow(header);
    return true;
  }
  if (word === 'type') {
    reader.give(header, TYPE, reader.value(word, TYPE.read));
    grow(header);
    return true;
  }
  const option = readOption(word, reader);
  if (option) header.options.push(option);
  return option !== undefined;
}

/** The header of a type as long as it is to be. */
function grow(header: Header): void {
  const bytes = new Uint8Array(LENGTHS[header.bytes[0]!] ?? 8);
  bytes.set(header.bytes.subarray(0, bytes.length));
  header.bytes = bytes;
}

function readOption(word: string, reader: Reader): Uint8Array | undefined {
  switch (word) {
    case 'slla':
    case 'tlla':
      return Uint8Array.of(
        word === 'slla' ? SOURCE_ADDRESS : TARGET_ADDRESS,
        1,
        ...reader.value(word, readMac),
      );
    case 'nd-mtu': {
      const mtu = reader.value(word, (text) => readNumber(text, 0, 0xffffffff));
      return Uint8Array.of(MTU, 1, 0, 0, mtu >>> 24, (mtu >> 16) & 255, (mtu >> 8) & 255, mtu & 255);
    }
    case 'nd-option': {
      const kind = reader.value(word, (text) => readNumber(text, 0, 255));
      const data = reader.value(word, readHex);
      const whole = new Uint8Array(Math.ceil((data.length + 2) / 8) * 8);
      whole.set([kind, whole.length / 8]);
      whole.set(data, 2);
      return whole;
    }
    default:
      return undefined;
  }
}

function open(bytes: Uint8Array): Opened | undefined {
  const type = bytes[0]!;
  const length = LENGTHS[type] ?? 8;
  if (bytes.length < length) return undefined;
  const header = new Header(icmp6, bytes.slice(0, length));
  let at = length;
  while (WITH_OPTIONS.includes(type) && at + 8 <= bytes.length) {
    const size = bytes[at + 1]! * 8;
    if (size === 0 || at + size > bytes.length) break;
    header.options.push(bytes.slice(at, at + size));
    at += size;
  }
  return { header, length: at };
}

function printOptions(options: Uint8Array): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < options.length; at += options[at + 1]! * 8) {
    const option = options.subarray(at, at + options[at + 1]! * 8);
    const [kind, size] = option;
    if (size === 1 && (kind === SOURCE_ADDRESS || kind === TARGET_ADDRESS)) {
      words.push({ text: `${kind === SOURCE_ADDRESS ? 'slla' : 'tlla'} ${printMac(option.subarray(2))}` });
    } else if (size === 1 && kind === MTU && option[2] === 0 && option[3] === 0) {
      words.push({ text: `nd-mtu ${new DataView(option.buffer, option.byteOffset).getUint32(4)}` });
    } else {
      words.push({ text: `nd-option ${kind} ${printHex(option.subarray(2))}` });
    }
  }
  return words;
}
