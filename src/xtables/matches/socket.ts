import { INPUT, PREROUTING } from '../../netfilter/constants.ts';
import type { LocalSocket } from '../../netfilter/local-socket.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { defineMatch, option } from '../extension.ts';
import { socketOf } from '../packet-socket.ts';
import { flag } from '../values.ts';

const WORDS = ['transparent', 'nowildcard', 'restore-skmark'] as const;

export const socket = defineMatch({
  name: 'socket',
  revision: 3,
  summary: 'the packet is for an open socket of this host',
  about:
    'Looks the socket up as the packet stands, before it is routed: a connection first, then a listening or bound socket. ' +
    'An ICMP error is for the socket that sent what it quotes. A socket bound to no address does not count unless ' +
    '--nowildcard is given. While such a rule is there, fragments are gathered before anything looks at them.',
  source: 'net/netfilter/xt_socket.c socket_match, socket_mt6_v1_v2_v3',
  hooks: [PREROUTING, INPUT],
  options: {
    transparent: option(flag, { help: 'Only sockets that may have addresses which are not the host’s.' }),
    nowildcard: option(flag, { help: 'Sockets that are bound to no address count as well.' }),
    'restore-skmark': option(flag, { help: 'Gives the packet the mark of the socket (SO_MARK).' }),
  },
  list: (values) => ` socket${WORDS.map((word) => (values[word] ? ` --${word}` : '')).join('')}`,
  tests(values, environment) {
    const { family, services } = environment;
    const transparent = values.transparent !== undefined;
    const wildcards = values.nowildcard !== undefined;
    const restore = values['restore-skmark'] !== undefined;
    environment.onDestroy(services.defragment(family));
    const find = (packet: Packet, device: number): LocalSocket | undefined =>
      isLocalSocket(packet.sender) ? packet.sender : socketOf(packet, device, services.sockets);
    return [
      {
        run(packet, { inDevice }) {
          const found = find(packet, inDevice);
          if (found === undefined) return false;
          if (!wildcards && found.full && found.anyAddress) return false;
          if (transparent && !found.transparent) return false;
          if (restore && found.full) packet.mark = found.mark;
          return true;
        },
        explain(packet, { inDevice }) {
          const found = find(packet, inDevice);
          if (found === undefined) return 'no socket of this host';
          if (!wildcards && found.full && found.anyAddress) return 'a socket that is bound to no address';
          return 'a socket that is not transparent';
        },
      },
    ];
  },
});

function isLocalSocket(sender: object | undefined): sender is LocalSocket {
  return sender !== undefined && 'anyAddress' in sender;
}
