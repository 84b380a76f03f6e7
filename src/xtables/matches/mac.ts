import { FORWARD, INPUT, PREROUTING } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import type { Place } from '../place.ts';
import { Problem } from '../problem.ts';

/** Six bytes as twelve hexadecimal digits: plain data, so that two rules can be compared. */
const address: ValueType<string> = {
  syntax: 'xx:xx:xx:xx:xx:xx',
  argument: 'required',
  parse(given) {
    const parts = given.split(':');
    if (parts.length !== 6 || parts.some((part) => !/^[0-9a-fA-F]{1,2}$/.test(part))) {
      throw new Problem('Invalid MAC address specified.');
    }
    return parts.map((part) => part.padStart(2, '0').toLowerCase()).join(':');
  },
  print: (value) => value,
};

const ETHERNET = 14;

/** lo is no Ethernet, though its packets have such a header. */
const LOOPBACK_INDEX = 1;

/** Offset of the sender's address; -1 if the packet came by no Ethernet. */
function senderAt(packet: Packet, { inDevice }: Place): number {
  if (inDevice === LOOPBACK_INDEX) return -1;
  return packet.link >= 0 && packet.network - packet.link >= ETHERNET ? packet.link + 6 : -1;
}

export const mac = defineMatch({
  name: 'mac',
  summary: 'Ethernet address of the sender',
  about: 'Only packets that came by Ethernet have one; others never match, inverted or not.',
  source: 'net/netfilter/xt_mac.c mac_mt',
  hooks: [PREROUTING, INPUT, FORWARD],
  options: {
    'mac-source': option(address, {
      required: true,
      invert: true,
      help: 'The address.',
      test({ value, inverted }) {
        const wanted = Uint8Array.from(value.split(':'), (pair) => Number.parseInt(pair, 16));
        return {
          run(packet, place) {
            const at = senderAt(packet, place);
            if (at < 0) return false;
            for (let i = 0; i < 6; i++) if (packet.bytes[at + i] !== wanted[i]) return inverted;
            return !inverted;
          },
          explain(packet, place) {
            const at = senderAt(packet, place);
            if (at < 0) return 'the packet did not come by Ethernet';
            return [...packet.bytes.subarray(at, at + 6)]
              .map((byte) => byte.toString(16).padStart(2, '0'))
              .join(':');
          },
        };
      },
    }),
  },
  list: ({ 'mac-source': given }) => (given ? ` MAC${given.inverted ? ' !' : ''} ${given.value}` : ''),
});
