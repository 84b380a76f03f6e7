import { FORWARD, OUTPUT, POSTROUTING } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import type { Services } from '../../netfilter/services.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { get16, set16 } from '../../wire/bytes.ts';
import { updateChecksum16, updateChecksum32 } from '../../wire/checksum.ts';
import { CONTINUE, defineTarget, type FieldTest, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { BROKEN_HEADER, NO_HEADER, tcpHeader, tcpHeaderLength, tcpOptionLength } from '../tcp-header.ts';
import { badNumber, flag, unsigned } from '../values.ts';

const SYN = 0x02;
const MSS = 2;
const MSS_LENGTH = 4;
const LONGEST_HEADER = 60;
const TCP_LENGTH = 20;
const CHECKSUM = 16;
/** What a sender without the option has to expect of IPv4 (RFC 1122 section 4.2.2.6) and of IPv6's least MTU. */
const DEFAULTS = { 4: 536, 6: 1220 } as const;
const IP_LENGTH = { 4: 20, 6: 40 } as const;
const CLAMPING_HOOKS = (1 << FORWARD) | (1 << OUTPUT) | (1 << POSTROUTING);

const segmentSize: ValueType<number> = {
  syntax: 'number',
  argument: 'required',
  parse(given, context) {
    const most = 65535 - IP_LENGTH[context.family];
    const value = unsigned(given, 0, most);
    if (value === undefined) throw badNumber(context, 0, most);
    return value;
  },
  print: String,
};

/** Whether a test of flags wants SYN; the kernel looks at the flag itself, not whether the mask lets it count. */
function wantsSyn({ ranges, inverted }: FieldTest): boolean {
  return !inverted && ((ranges?.[0]?.[0] ?? 0) & SYN) !== 0;
}

/** Lowers the MSS option to `size`, or adds one. (tcpmss_mangle_packet) */
function setSegmentSize(packet: Packet, at: number, size: number): void {
  const { bytes, end } = packet;
  const header = tcpHeaderLength(bytes, at);
  const last = at + header - MSS_LENGTH;
  for (let i = at + TCP_LENGTH; i <= last; i += tcpOptionLength(bytes, i)) {
    if (bytes[i] !== MSS || bytes[i + 1] !== MSS_LENGTH) continue;
    const before = get16(bytes, i + 2);
    if (before <= size) return;
    set16(bytes, i + 2, size);
    // The words that changed need not be aligned to those of the checksum; the kernel adds them as if they were.
    set16(bytes, at + CHECKSUM, updateChecksum32(get16(bytes, at + CHECKSUM), before, size));
    return;
  }
  // With data behind the header, or no room in its length, the packet stays as it is.
  if (end - at > header || header >= LONGEST_HEADER) return;
  addSegmentSize(packet, at, Math.min(size, DEFAULTS[packet.family]));
}

function addSegmentSize(packet: Packet, at: number, size: number): void {
  const length = packet.end - at;
  packet.resize(packet.length + MSS_LENGTH);
  const { bytes, network, family, end } = packet;
  const option = at + TCP_LENGTH;
  bytes.copyWithin(option + MSS_LENGTH, option, end - MSS_LENGTH);
  bytes[option] = MSS;
  bytes[option + 1] = MSS_LENGTH;
  set16(bytes, option + 2, size);
  let check = updateChecksum32(get16(bytes, at + CHECKSUM), length, length + MSS_LENGTH);
  check = updateChecksum32(check, 0, ((MSS << 24) | (MSS_LENGTH << 16) | size) >>> 0);
  const before = get16(bytes, at + 12);
  const after = (before + (1 << 12)) & 0xffff;
  set16(bytes, at + 12, after);
  set16(bytes, at + CHECKSUM, updateChecksum32(check, before, after));
  if (family === 6) {
    set16(bytes, network + 4, (get16(bytes, network + 4) + MSS_LENGTH) & 0xffff);
    return;
  }
  const total = get16(bytes, network + 2);
  set16(bytes, network + 2, (total + MSS_LENGTH) & 0xffff);
  set16(
    bytes,
    network + 10,
    updateChecksum16(get16(bytes, network + 10), total, (total + MSS_LENGTH) & 0xffff),
  );
}

/** The size that fits the way there and the way back; undefined if no MTU makes sense. */
function clamped(packet: Packet, services: Services): number | undefined {
  const mtu = services.bothWaysMtu(packet);
  const headers = IP_LENGTH[packet.family] + TCP_LENGTH;
  if (mtu > headers) return Math.min(mtu - headers, 0xffff);
  services.log(3, `unknown or invalid path-MTU (${mtu})`);
  return undefined;
}

export const TCPMSS = defineTarget({
  name: 'TCPMSS',
  summary: "lowers the maximum segment size that a TCP connection's SYN offers",
  about:
    'Never raises it. A SYN without the option gets one, of at most 536 (IPv6: 1220), unless it carries data. The rule ' +
    'must ask for SYN with a match. A broken TCP header is dropped.',
  source: 'net/netfilter/xt_TCPMSS.c tcpmss_tg4, tcpmss_tg6',
  protocol: 6,
  options: {
    'set-mss': option(segmentSize, { help: 'The size.' }),
    'clamp-mss-to-pmtu': option(flag, {
      help: 'The size that fits the MTU of the way there and of the way back.',
    }),
  },
  terminal: false,
  verify(values) {
    if (!values['set-mss'] && !values['clamp-mss-to-pmtu']) {
      throw new Problem('TCPMSS target: At least one parameter is required');
    }
  },
  // Of both the later one counts.
  settle(values) {
    const { 'set-mss': size, 'clamp-mss-to-pmtu': clamp } = values;
    if (!size || !clamp) return values;
    return (size.order ?? 0) > (clamp.order ?? 0) ? { 'set-mss': size } : { 'clamp-mss-to-pmtu': clamp };
  },
  list: ({ 'set-mss': size }) => (size ? ` TCPMSS set ${size.value}` : ' TCPMSS clamp to PMTU'),
  check(values, environment) {
    if (values['clamp-mss-to-pmtu'] && (environment.hooks & ~CLAMPING_HOOKS) !== 0) return 'EINVAL';
    return environment.fieldTests('tcp.flags').some(wantsSyn) ? undefined : 'EINVAL';
  },
  create(values, { services }) {
    const wanted = values['set-mss']?.value;
    return (packet, place) => {
      const at = tcpHeader(packet, place.fragment);
      if (at === NO_HEADER) return CONTINUE;
      if (at === BROKEN_HEADER || tcpHeaderLength(packet.bytes, at) < TCP_LENGTH) return DROP;
      const size = wanted ?? clamped(packet, services);
      if (size === undefined) return DROP;
      setSegmentSize(packet, at, size);
      return CONTINUE;
    };
  },
});
