import { OFFER } from '../../conntrack/synproxy/offers.ts';
import { FORWARD, INPUT } from '../../netfilter/constants.ts';
import { CONTINUE, defineTarget, option } from '../extension.ts';
import { flag, integer } from '../values.ts';

const TCP = 6;

/** The real tool takes 32 bits and keeps the lower ones. */
const lower = (bits: 8 | 16) => {
  const whole = integer(0, 0xffffffff);
  return {
    ...whole,
    parse: (given: string, context: Parameters<typeof whole.parse>[1]) =>
      whole.parse(given, context) & ((1 << bits) - 1),
  };
};

export const SYNPROXY = defineTarget({
  name: 'SYNPROXY',
  summary: 'answers TCP SYNs in place of a server, and begins the connection when the client has answered',
  about:
    'SYNs must not be tracked (`-t raw -j CT --notrack`), so that the rule gets SYNs as UNTRACKED and the ACKs that answer ' +
    'as INVALID; net.netfilter.nf_conntrack_tcp_loose must be 0 for that. Nothing is kept about a client before it answers: ' +
    'what it offered is in the sequence number and, with --timestamp, in the timestamp that it sends back. Without ' +
    'timestamps neither window scaling nor selective acknowledgment is agreed on. The secret of the sequence number is drawn ' +
    'from the host’s randomness.',
  source: 'net/netfilter/nf_synproxy_core.c, net/ipv4/netfilter/ipt_SYNPROXY.c synproxy_tg4',
  hooks: [INPUT, FORWARD],
  options: {
    'sack-perm': option(flag, { help: 'The server understands selective acknowledgment.' }),
    timestamp: option(flag, { help: 'The server understands timestamps.' }),
    wscale: option(lower(8), { help: 'The server’s window scale; the lower 8 bits count.' }),
    mss: option(lower(16), { help: 'The largest segment that the server takes; the lower 16 bits count.' }),
    ecn: option(flag, { help: 'The server understands explicit congestion notification.' }),
  },
  terminal: false,
  list({ 'sack-perm': sack, timestamp, wscale, mss, ecn }) {
    return (
      ` SYNPROXY ${sack ? 'sack-perm ' : ''}${timestamp ? 'timestamp ' : ''}` +
      `${wscale ? `wscale ${wscale.value} ` : ''}${mss ? `mss ${mss.value} ` : ''}${ecn ? 'ecn ' : ''}`
    );
  },
  check(_, { protocol, protocolInverted }) {
    return protocol !== TCP || protocolInverted ? 'EINVAL' : undefined;
  },
  create(values, environment) {
    const { synProxy } = environment.connections;
    environment.onDestroy(synProxy.acquire(environment.family));
    const { 'sack-perm': sack, timestamp, wscale, mss, ecn } = values;
    const terms = {
      offers:
        (mss ? OFFER.MSS : 0) |
        (wscale ? OFFER.SCALE : 0) |
        (sack ? OFFER.SACK : 0) |
        (timestamp ? OFFER.TIMESTAMP : 0) |
        (ecn ? OFFER.ECN : 0),
      scale: wscale?.value ?? 0,
      segmentSize: mss?.value ?? 0,
    };
    return (packet, place) => synProxy.take(packet, place.transport, terms) ?? CONTINUE;
  },
});
