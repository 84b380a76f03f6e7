import { FORWARD, INPUT, PREROUTING } from '../../netfilter/constants.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { tcpDestinationPort, tcpSourcePort } from '../../wire/tcp.ts';
import { formatAddress, fromBytes } from '../address.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { describeSyn, type Fingerprint, fits, SynView, TTL } from '../osf/fingerprint.ts';
import { Fingerprints } from '../osf/fingerprints.ts';
import { integer } from '../values.ts';

const TCP = 6;
/** What the kernel has room for, less the name's end; the rest is cut off without a word. */
const LONGEST_GENRE = 31;
/** What it has room for before the rest of a log line. */
const LONGEST_PREFIX = 127;
/** --log: all that fit, the first one, all that fit. */
const LOG_FIRST = 1;

const genre: ValueType<string> = {
  syntax: 'genre',
  argument: 'required',
  parse: (given) => given.slice(0, LONGEST_GENRE),
  // Never quoted by the real tool.
  print: (value) => value,
};

const SYN = new SynView();

export const osf = defineMatch({
  name: 'osf',
  families: [4],
  summary: 'which operating system a SYN comes from, by the habits of its TCP',
  about:
    'Fingerprints come from a text in the format of `pf.os`: the field `fingerprints` of a host’s description, or the command ' +
    '`nfnl_osf`. Without any nothing matches. Only SYNs (with or without ACK) are looked at. Linux knows no inversion: `! --genre` ' +
    'is taken and printed, and means the same as without. With --log it no longer asks for the genre: whatever fits any ' +
    'fingerprint matches. The options’ numbers (`W7`) are not compared, but their order is.',
  source: 'net/netfilter/nfnetlink_osf.c nf_osf_match',
  protocol: TCP,
  hooks: [PREROUTING, INPUT, FORWARD],
  options: {
    genre: option(genre, {
      invert: true,
      required: true,
      help: 'The operating system, as fingerprints name it: Linux, Windows, FreeBSD.',
    }),
    ttl: option(integer(0, 2), {
      help: 'Time to live: 0 as in the fingerprint (also if left out), 1 that or less, 2 any.',
    }),
    log: option(integer(0, 2), {
      help: 'Writes to the kernel log 0 all fingerprints that fit, 1 the first, 2 all; or that none does.',
    }),
  },
  list: ({ genre: given }) =>
    given ? ` OS fingerprint match ${given.inverted ? '! ' : ''}${given.value}` : '',
  tests({ genre: given, ttl, log }, environment) {
    if (!given) return [];
    const { services } = environment;
    const prints = environment.shared(Fingerprints);
    const wanted = given.value;
    const strictness = ttl?.value ?? TTL.SAME;
    return [
      {
        option: 'genre',
        run(packet, place) {
          if (!SYN.read(packet)) return false;
          const { bytes } = packet;
          let found = false;
          for (const print of prints.list(SYN.dontFragment)) {
            if (log === undefined && print.genre !== wanted) continue;
            if (!fits(print, bytes, SYN, strictness)) continue;
            found = true;
            if (log === undefined) break;
            services.logPacket(packet, place, known(print, packet, SYN).slice(0, LONGEST_PREFIX));
            if (log.value === LOG_FIRST) break;
          }
          if (!found && log !== undefined) {
            services.logPacket(packet, place, `Remote OS is not known: ${ends(packet, SYN)}\n`);
          }
          return found;
        },
        explain(packet) {
          if (!SYN.read(packet)) return 'no SYN';
          const like = prints
            .list(SYN.dontFragment)
            .find((print) => fits(print, packet.bytes, SYN, strictness));
          const own = describeSyn(packet.bytes, SYN);
          if (like) return `${own}, as ${like.genre} ${like.version}`.trimEnd();
          return prints.count === 0 ? `${own}; the host has no fingerprints` : `${own} fits no fingerprint`;
        },
      },
    ];
  },
});

/** `192.0.2.10:4000 -> 203.0.113.9:80` */
function ends({ bytes, network }: Packet, { header }: SynView): string {
  const address = (at: number) => formatAddress(fromBytes(bytes, network + at, 4));
  return `${address(12)}:${tcpSourcePort(bytes, header)} -> ${address(16)}:${tcpDestinationPort(bytes, header)}`;
}

function known({ genre, version, subtype, ttl }: Fingerprint, packet: Packet, syn: SynView): string {
  return `${genre} [${version}:${subtype}] : ${ends(packet, syn)} hops=${ttl - syn.ttl}\n`;
}
