import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { tcpSequence } from '../../wire/tcp.ts';
import {
  type Connection,
  INFO_ESTABLISHED,
  INFO_ESTABLISHED_REPLY,
  infoDirection,
  STATUS,
} from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { Expectation } from '../expectation.ts';
import type { Helper } from '../helper.ts';
import { type Direction, ORIGINAL, sameDestinationAddress, Tuple } from '../tuple.ts';
import { dropByHelper } from './drop.ts';
import {
  FtpAddress,
  readPort,
  readPortCommand,
  readSixNumbers,
  readSixNumbersSomewhere,
} from './ftp-address.ts';
import type { Helpers } from './index.ts';
import { spellsAnyCase, tcpPayload } from './payload.ts';

/** Which command or answer said where the data connection goes. */
export type FtpKind = 'PORT' | 'EPRT' | 'PASV' | 'EPSV';

const TCP = 6;
const NEWLINE = 10;

interface Pattern {
  readonly kind: FtpKind;
  /** As it is written in the log. */
  readonly text: string;
  /** Byte behind which the address begins; 0: right behind the text. */
  readonly skip: number;
  readonly read: (bytes: Uint8Array, from: number, to: number, into: FtpAddress) => boolean;
}

/** What a client says, then what a server answers (RFC 959, RFC 2428). */
const PATTERNS: readonly [readonly Pattern[], readonly Pattern[]] = [
  [
    {
      kind: 'PORT',
      text: 'PORT',
      skip: 32,
      read: (b, from, to, into) => readSixNumbers(b, from, to, 13, into),
    },
    { kind: 'EPRT', text: 'EPRT', skip: 32, read: readPortCommand },
  ],
  [
    { kind: 'PASV', text: '227 ', skip: 0, read: readSixNumbersSomewhere },
    { kind: 'EPSV', text: '229 ', skip: 40, read: readPort },
  ],
];

/** Sequence numbers behind the last line ends, by direction: commands begin only there. */
class LineEnds {
  readonly #ends: [number[], number[]] = [[], []];

  has(direction: Direction, sequence: number): boolean {
    return this.#ends[direction].includes(sequence);
  }

  /** Keeps the two latest. */
  note(direction: Direction, sequence: number): void {
    const ends = this.#ends[direction];
    if (ends.includes(sequence)) return;
    if (ends.length < 2) {
      ends.push(sequence);
      return;
    }
    const oldest = ((ends[0]! - ends[1]!) | 0) < 0 ? 0 : 1;
    if (((sequence - ends[oldest]!) | 0) > 0) ends[oldest] = sequence;
  }
}

const address = new FtpAddress();
const destination = new Tuple();

/** FTP's data connections (net/netfilter/nf_conntrack_ftp.c). Other hosts than the speaker are not believed (loose=0). */
export function makeFtp(conntrack: Conntrack, helpers: Helpers): Helper {
  const { expectations } = conntrack;

  /** Where the patterns of this direction match; undefined if none, a string: one that began but was not whole. */
  function search(
    bytes: Uint8Array,
    from: number,
    to: number,
    direction: Direction,
  ): Pattern | string | undefined {
    for (const pattern of PATTERNS[direction]) {
      const { text, skip } = pattern;
      const small = text.toLowerCase();
      if (to - from <= text.length) {
        if (spellsAnyCase(bytes, from, to, small.slice(0, to - from))) return text;
        continue;
      }
      if (!spellsAnyCase(bytes, from, to, small)) continue;
      let at = from + text.length;
      if (skip !== 0) {
        while (at < to && bytes[at] !== skip) at++;
        if (at >= to) return text;
        at++;
      }
      address.at = at;
      return pattern.read(bytes, at, to, address) ? pattern : text;
    }
    return undefined;
  }

  /** Foresees what a whole command or answer said. */
  function expect(
    packet: Packet,
    offset: number,
    connection: Connection,
    info: number,
    found: Pattern,
    data: number,
  ) {
    const direction = infoDirection(info);
    const other = connection.handles[direction === ORIGINAL ? 1 : 0];
    const speaker = connection.handles[direction];
    // Who speaks of another host could open holes to it.
    destination.swapFrom(speaker);
    if (!sameDestinationAddress(address.tuple, destination)) return ACCEPT;
    const expectation = new Expectation(connection).to(other, TCP, address.tuple.destinationPart).from(other);
    const rewrite = helpers.rewriters.ftp;
    if (rewrite !== undefined && (connection.status & STATUS.NAT_MASK) !== 0) {
      const said = { packet, offset, connection, info };
      return rewrite(said, found.kind, address.at - data, address.length, expectation);
    }
    return expectations.insert(expectation) === 0
      ? ACCEPT
      : dropByHelper(conntrack, packet, 'cannot add expectation');
  }

  return {
    name: 'ftp',
    families: [4, 6],
    protocol: TCP,
    policies: [{ maxExpected: 1, timeout: 300 }],
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      if (info !== INFO_ESTABLISHED && info !== INFO_ESTABLISHED_REPLY) return ACCEPT;
      const data = tcpPayload(packet, offset);
      if (data < 0) return ACCEPT;
      const { bytes, end } = packet;
      const help = connection.help!;
      const direction = infoDirection(info);
      if (!(help.data instanceof LineEnds)) help.data = new LineEnds();
      const lines = help.data as LineEnds;
      const sequence = tcpSequence(bytes, offset) >>> 0;
      const endsLine = bytes[end - 1] === NEWLINE;
      const after = (sequence + end - data) >>> 0;
      let verdict: Verdict = ACCEPT;
      if (lines.has(direction, sequence)) {
        // The answer to EPSV names no host: the speaker is meant.
        const speaker = connection.handles[direction];
        address.tuple.swapFrom(speaker);
        const found = search(bytes, data, end, direction);
        if (typeof found === 'string') {
          return dropByHelper(conntrack, packet, `partial matching of \`${found}'`);
        }
        if (found !== undefined) verdict = expect(packet, offset, connection, info, found, data);
      }
      if (endsLine) lines.note(direction, after);
      return verdict;
    },
  };
}
