import type { Packet } from '../../netfilter/packet.ts';
import { DROP } from '../../netfilter/verdict.ts';
import { get16, set16 } from '../../wire/bytes.ts';
import { updateChecksum32 } from '../../wire/checksum.ts';
import { CONTINUE, defineTarget, option, type Values } from '../extension.ts';
import { Problem } from '../problem.ts';
import { readTos, writeTos } from '../tos.ts';
import { flag, integer } from '../values.ts';

const TCP = 6;
/** Bits of the 16-bit word at offset 12 of a TCP header. */
const ECE = 0x40;
const CWR = 0x80;
const FLAGS = 12;
const CHECKSUM = 16;
const bit = integer(0, 1);

const OPTIONS = {
  'ecn-tcp-remove': option(flag, {
    excludes: ['ecn-tcp-cwr', 'ecn-tcp-ece'],
    help: 'Clears ECE and CWR of TCP.',
  }),
  'ecn-tcp-ece': option(bit, { help: 'Sets ECE of TCP to 0 or 1.' }),
  'ecn-tcp-cwr': option(bit, { help: 'Sets CWR of TCP to 0 or 1.' }),
  'ecn-ip-ect': option(integer(0, 3), { help: 'Sets the codepoint of the IPv4 header.' }),
};

/** Both flags are cleared and nothing else: what --ecn-tcp-remove means. */
function removes(values: Values<typeof OPTIONS>): boolean {
  return values['ecn-tcp-ece']?.value === 0 && values['ecn-tcp-cwr']?.value === 0 && !values['ecn-ip-ect'];
}

/** Sets the masked bits of the flags; false if the header is cut off. (set_ect_tcp) */
function setFlags(packet: Packet, mask: number, value: number): boolean {
  const { bytes, network, end } = packet;
  const at = network + (bytes[network]! & 15) * 4;
  if (at + 20 > end) return false;
  const before = get16(bytes, at + FLAGS);
  if ((before & mask) === value) return true;
  const after = (before & ~mask) | value;
  set16(bytes, at + FLAGS, after);
  set16(bytes, at + CHECKSUM, updateChecksum32(get16(bytes, at + CHECKSUM), before, after));
  return true;
}

export const ECN = defineTarget({
  name: 'ECN',
  families: [4],
  summary: 'changes the bits of explicit congestion notification',
  source: 'net/ipv4/netfilter/ipt_ECN.c ecn_tg',
  table: 'mangle',
  options: OPTIONS,
  terminal: false,
  settle(values) {
    if (Object.keys(values).length === 0) throw new Problem('ECN target: An operation is required');
    const { 'ecn-tcp-remove': remove, ...rest } = values;
    if (!remove) return rest;
    const zero = { value: 0, inverted: false };
    return { 'ecn-tcp-ece': zero, 'ecn-tcp-cwr': zero, ...rest };
  },
  save(values) {
    if (removes(values)) return ' --ecn-tcp-remove';
    const part = (key: 'ecn-tcp-ece' | 'ecn-tcp-cwr' | 'ecn-ip-ect') => {
      const given = values[key];
      return given ? ` --${key} ${given.value}` : '';
    };
    return part('ecn-tcp-ece') + part('ecn-tcp-cwr') + part('ecn-ip-ect');
  },
  list(values) {
    if (removes(values)) return ' ECN TCP remove';
    const { 'ecn-tcp-ece': ece, 'ecn-tcp-cwr': cwr, 'ecn-ip-ect': ect } = values;
    return (
      ' ECN' +
      (ece ? ` ECE=${ece.value}` : '') +
      (cwr ? ` CWR=${cwr.value}` : '') +
      (ect ? ` ECT codepoint=${ect.value}` : '')
    );
  },
  check(values, { protocol, protocolInverted }) {
    if (!values['ecn-tcp-ece'] && !values['ecn-tcp-cwr']) return undefined;
    return protocol !== TCP || protocolInverted ? 'EINVAL' : undefined;
  },
  create(values) {
    const ect = values['ecn-ip-ect']?.value;
    const ece = values['ecn-tcp-ece']?.value;
    const cwr = values['ecn-tcp-cwr']?.value;
    const mask = (ece === undefined ? 0 : ECE) | (cwr === undefined ? 0 : CWR);
    const flags = (ece ? ECE : 0) | (cwr ? CWR : 0);
    return (packet) => {
      if (ect !== undefined) {
        const tos = readTos(packet);
        if ((tos & 3) !== ect) writeTos(packet, (tos & 0xfc) | ect);
      }
      if (mask === 0 || packet.bytes[packet.network + 9] !== TCP) return CONTINUE;
      return setFlags(packet, mask, flags) ? CONTINUE : DROP;
    };
  },
});
