import { FORWARD, INPUT, PREROUTING } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch } from '../extension.ts';

const ETHERNET_HEADER = 14;
const SOURCE_MAC_AT = 6;
const SOURCE_ADDRESS_AT = 8;
/** The bit of a MAC address that says whether it is a local one is turned in an interface identifier. */
const LOCAL = 0x02;

/** Whether the lower half of the source address is made of the frame's source address (RFC 4291 appendix A). */
function isMadeOfMac({ bytes, link, network }: Packet): boolean {
  const mac = link + SOURCE_MAC_AT;
  const id = network + SOURCE_ADDRESS_AT + 8;
  if (bytes[id] !== (bytes[mac]! ^ LOCAL) || bytes[id + 3] !== 0xff || bytes[id + 4] !== 0xfe) return false;
  for (const byte of [1, 2]) if (bytes[id + byte] !== bytes[mac + byte]) return false;
  for (const byte of [3, 4, 5]) if (bytes[id + byte + 2] !== bytes[mac + byte]) return false;
  return true;
}

const hasFrame = ({ link, network }: Packet): boolean => link >= 0 && link + ETHERNET_HEADER <= network;

/** lo is no Ethernet, though its packets have such a header. */
const LOOPBACK_INDEX = 1;

export const eui64 = defineMatch({
  name: 'eui64',
  families: [6],
  summary: 'the source address ends in the sender’s MAC address',
  about:
    'Finds forged source addresses on a link whose hosts make their addresses from their MAC addresses. Packets of lo never ' +
    'match; copies of the host’s own multicasts, which come back without an Ethernet header, are dropped.',
  source: 'net/ipv6/netfilter/ip6t_eui64.c eui64_mt6',
  hooks: [PREROUTING, INPUT, FORWARD],
  options: {},
  list: () => 'eui64 ',
  tests: () => [
    {
      run(packet, place) {
        if (place.inDevice === LOOPBACK_INDEX) return false;
        if (hasFrame(packet)) return isMadeOfMac(packet);
        place.drop = true;
        return false;
      },
      explain(packet, { inDevice }) {
        if (inDevice === LOOPBACK_INDEX) return 'it came in no Ethernet frame';
        return hasFrame(packet)
          ? 'the address has other bytes than the frame'
          : 'it has no Ethernet header: the packet is dropped';
      },
    },
  ],
});
