import type { HookState } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ACCEPT, type Verdict } from '../../netfilter/verdict.ts';
import { printIpv4 } from '../../wire/address.ts';
import { type Connection, INFO_ESTABLISHED, STATUS } from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { Expectation } from '../expectation.ts';
import type { Helper } from '../helper.ts';
import { dropByHelper } from './drop.ts';
import type { Helpers } from './index.ts';
import { findText, isDigit, spells, spellsAnyCase, tcpPayload } from './payload.ts';

const TCP = 6;
/** Only this much of a segment is read. */
const MOST = 4095;
/** `PRIVMSG x ` */
const SHORTEST_TARGET = 10;
/** ` :\x01DCC SEND t AAAAAAAA P\x01\n` */
const SHORTEST_MESSAGE = 26;
/** `AAAAAAAA P\x01\n` */
const SHORTEST_ADDRESS = 12;
const COMMANDS = ['SEND ', 'CHAT ', 'MOVE ', 'TSEND ', 'SCHAT '];
const SPACE = 32;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

interface Offer {
  /** Place of the address, and length up to the port's last digit. */
  at: number;
  length: number;
  address: number;
  port: number;
}

/**
 * Direct connections that IRC clients offer each other, `PRIVMSG nick :\x01DCC SEND file 3221225994 5000 …\x01`
 * (net/netfilter/nf_conntrack_irc.c).
 */
export function makeIrc(conntrack: Conntrack, helpers: Helpers): Helper {
  const { expectations, services } = conntrack;

  function offered(
    packet: Packet,
    offset: number,
    connection: Connection,
    info: number,
    data: number,
    offer: Offer,
  ) {
    const { original, reply } = connection;
    // The address may be the client's own or the one that it has outside.
    if ((original.src0 !== offer.address && reply.dst0 !== offer.address) || offer.port === 0) {
      const from = printIpv4(original.src0);
      services.log(4, `Forged DCC command from ${from}: ${printIpv4(offer.address)}:${offer.port}`);
      return ACCEPT;
    }
    const expectation = new Expectation(connection).to(reply, TCP, offer.port);
    const rewrite = helpers.rewriters.irc;
    if (rewrite !== undefined && (connection.status & STATUS.NAT_MASK) !== 0) {
      return rewrite({ packet, offset, connection, info }, offer.at - data, offer.length, expectation);
    }
    return expectations.insert(expectation) === 0
      ? ACCEPT
      : dropByHelper(conntrack, packet, 'cannot add expectation');
  }

  return {
    name: 'irc',
    families: [4],
    protocol: TCP,
    policies: [{ maxExpected: 8, timeout: 300 }],
    help(packet: Packet, offset: number, connection: Connection, info: number, _state: HookState): Verdict {
      // Only what the client says.
      if (info !== INFO_ESTABLISHED) return ACCEPT;
      const data = tcpPayload(packet, offset);
      if (data < 0) return ACCEPT;
      const offer = findOffer(packet.bytes, data, Math.min(packet.end, data + MOST));
      return offer === undefined ? ACCEPT : offered(packet, offset, connection, info, data, offer);
    },
  };
}

/** The first offer in what a client says; undefined if there is none. */
function findOffer(bytes: Uint8Array, from: number, to: number): Offer | undefined {
  let at = from;
  while (at < to - SHORTEST_TARGET && isBlank(bytes[at]!)) at++;
  if (at < to - SHORTEST_TARGET) {
    if (!spellsAnyCase(bytes, at, to, 'privmsg ')) return undefined;
    at += 8;
  }
  while (at < to - SHORTEST_MESSAGE) {
    if (!spells(bytes, at, to, ' :')) {
      at++;
      continue;
    }
    at += 2;
    if (!spells(bytes, at, to, '\x01DCC ')) return undefined;
    at += 5;
    const start = at;
    const command = COMMANDS.find((word) => spells(bytes, start, to, word));
    if (command === undefined) continue;
    return readOffer(bytes, at + command.length, to);
  }
  return undefined;
}

/** Reads ` AAAAAAAA P` behind the file's name. */
function readOffer(bytes: Uint8Array, from: number, to: number): Offer | undefined {
  let at = from;
  while (bytes[at++] !== SPACE) if (at > to - SHORTEST_ADDRESS) return undefined;
  if (findText(bytes, at, to, '\n') < 0) return undefined;
  const offer: Offer = { at, length: 0, address: 0, port: 0 };
  for (; at < to && isDigit(bytes[at]!); at++) offer.address = times10(offer.address, bytes[at]!);
  for (; at < to && bytes[at] === SPACE; at++);
  for (; at < to && isDigit(bytes[at]!); at++) offer.port = times10(offer.port, bytes[at]!) & 0xffff;
  offer.length = at - offer.at;
  return offer;
}

/** Numbers that are too long wrap at 32 bits. */
function times10(number: number, digit: number): number {
  return (Math.imul(number, 10) + digit - 48) | 0;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === CARRIAGE_RETURN || byte === NEWLINE;
}
