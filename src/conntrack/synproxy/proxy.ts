import { type Family, INPUT, POSTROUTING, PRIORITY } from '../../netfilter/constants.ts';
import type { HookState, Hooks } from '../../netfilter/hooks.ts';
import type { Packet } from '../../netfilter/packet.ts';
import { ACCEPT, DROP, STOLEN, type Verdict } from '../../netfilter/verdict.ts';
import {
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_LENGTH,
  TCP_RST,
  TCP_SYN,
  tcpAcknowledgment,
  tcpFlags,
  tcpSequence,
  tcpWindow,
} from '../../wire/tcp.ts';
import {
  Connection,
  connectionOf,
  INFO_ESTABLISHED_REPLY,
  INFO_NEW,
  infoDirection,
  ProxyState,
  STATUS,
  setConnection,
} from '../connection.ts';
import type { Conntrack } from '../conntrack.ts';
import { EVENT } from '../events.ts';
import { TCP_CLOSE, TCP_SYN_RECV, TCP_SYN_SENT, tcpData } from '../protocols/tcp-state.ts';
import { initSequence } from '../sequence.ts';
import { transportOf } from '../transport.ts';
import { type Direction, ORIGINAL, REPLY } from '../tuple.ts';
import { SynCookies } from './cookies.ts';
import { OFFER, Offers } from './offers.ts';
import { buildSegment, checksumIsRight, type Said } from './segment.ts';
import { adjustTimestamp } from './timestamp.ts';

const TCP = 6;
/** The interface lo. */
const LOOPBACK = 1;

/** What a SYNPROXY rule says (struct nf_synproxy_info). */
export interface ProxyTerms {
  /** Which of a client's offers are answered: bits of {@link OFFER}. */
  readonly offers: number;
  /** The server's, as the rule tells it. */
  readonly scale: number;
  readonly segmentSize: number;
}

/**
 * Answers SYNs in place of a server, keeping nothing, and begins the connection to the server only when the client has
 * answered, too. From then on it moves the server's sequence numbers and timestamps to those that the client knows.
 * (net/netfilter/nf_synproxy_core.c)
 */
export class SynProxy {
  /** As /proc/net/stat/synproxy counts. */
  readonly counts = { received: 0, invalid: 0, valid: 0, retransmitted: 0, reopened: 0 };
  readonly #conntrack: Conntrack;
  readonly #hooks: Hooks;
  readonly #cookies: SynCookies;
  readonly #template = new Connection();
  readonly #offers = new Offers();
  readonly #users: Record<Family, number> = { 4: 0, 6: 0 };
  #unhook: Partial<Record<Family, () => void>> = {};

  constructor(conntrack: Conntrack, hooks: Hooks) {
    this.#conntrack = conntrack;
    this.#hooks = hooks;
    this.#cookies = new SynCookies(conntrack.services);
    this.#template.status = STATUS.TEMPLATE | STATUS.CONFIRMED;
    this.#template.proxy = new ProxyState();
  }

  /** A rule begins to need it; the answer ends that. Connections are tracked meanwhile. (nf_synproxy_ipv4_init) */
  acquire(family: Family): () => void {
    const release = this.#conntrack.acquire(family);
    if (this.#users[family]++ === 0) {
      this.#unhook[family] = this.#hooks.register({
        name: 'synproxy',
        family,
        hook: [INPUT, POSTROUTING],
        priority: PRIORITY.CONNTRACK_CONFIRM - 1,
        run: (packet, state) => this.#pass(packet, state),
      });
    }
    return () => {
      if (--this.#users[family] === 0) this.#unhook[family]?.();
      release();
    };
  }

  /**
   * A segment that a rule has taken, whose header is at `at`: a SYN is answered, an ACK that answers this begins the
   * connection. Undefined for what is neither, which goes on. (synproxy_tg4)
   */
  take(packet: Packet, at: number, terms: ProxyTerms): Verdict | undefined {
    const { bytes, end } = packet;
    if (at + TCP_LENGTH > end || !checksumIsRight(packet, at)) return DROP;
    const offers = this.#offers;
    if (!offers.read(bytes, at, end)) return DROP;
    const flags = tcpFlags(bytes, at) & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST);
    if (flags === TCP_SYN) {
      this.#answer(packet, at, terms);
      return this.#consume(packet);
    }
    if (flags !== TCP_ACK) return undefined;
    return this.#begin(packet, at, tcpSequence(bytes, at)) ? this.#consume(packet) : DROP;
  }

  #consume(packet: Packet): Verdict {
    this.#conntrack.services.release(packet);
    return STOLEN;
  }

  /** Answers a client's SYN. (synproxy_send_client_synack) */
  #answer(packet: Packet, at: number, { offers: allowed, scale, segmentSize }: ProxyTerms): void {
    const { bytes } = packet;
    const offers = this.#offers;
    this.counts.received++;
    const ecn = TCP_ECE | TCP_CWR;
    if ((tcpFlags(bytes, at) & ecn) === ecn) offers.known |= OFFER.ECN;
    offers.known &= allowed;
    const sequence = this.#cookies.answer(packet, at, offers.segmentSize);
    offers.segmentSize = segmentSize;
    // Without timestamps nothing remembers what was offered.
    if (offers.known & OFFER.TIMESTAMP) {
      offers.hideInTimestamp(Math.floor(this.#conntrack.services.now() / 1000), scale);
    } else offers.known &= ~(OFFER.SCALE | OFFER.SACK | OFFER.ECN);
    const flags = TCP_SYN | TCP_ACK | (offers.known & OFFER.ECN ? TCP_ECE : 0);
    const acknowledgment = tcpSequence(bytes, at) + 1;
    this.#send(packet, at, true, { sequence, acknowledgment, flags, window: 0 }, INFO_ESTABLISHED_REPLY);
  }

  /** A client's answer, if it is one: the server gets a SYN. (synproxy_recv_client_ack, synproxy_send_server_syn) */
  #begin(packet: Packet, at: number, expected: number): boolean {
    const { bytes } = packet;
    const offers = this.#offers;
    const segmentSize = this.#cookies.check(packet, at);
    if (segmentSize === 0) {
      this.counts.invalid++;
      return false;
    }
    this.counts.valid++;
    offers.segmentSize = segmentSize;
    offers.known |= OFFER.MSS;
    if (offers.known & OFFER.TIMESTAMP) offers.recallFromTimestamp();
    const said = {
      sequence: expected - 1,
      // The number that the client knows, for the hook function that this segment passes. The server gets it, too.
      acknowledgment: tcpAcknowledgment(bytes, at) - 1,
      flags: TCP_SYN | (offers.known & OFFER.ECN ? TCP_ECE | TCP_CWR : 0),
      window: tcpWindow(bytes, at),
    };
    this.#sendAs(packet, at, false, said, this.#template, INFO_NEW);
    return true;
  }

  /** Sends a segment as one of the connection of what it is about. */
  #send(about: Packet, at: number, answers: boolean, said: Said, info: number): void {
    const { connection } = about;
    this.#sendAs(about, at, answers, said, connection instanceof Connection ? connection : undefined, info);
  }

  #sendAs(
    about: Packet,
    at: number,
    answers: boolean,
    said: Said,
    connection: Connection | undefined,
    info: number,
  ): void {
    const { services } = this.#conntrack;
    const packet = buildSegment(services, about, at, answers, said, this.#offers);
    if (connection !== undefined) setConnection(packet, connection, info);
    services.sendLocal(packet);
  }

  /** A packet leaves or is delivered: those of connections with a proxy between them. (ipv4_synproxy_hook) */
  #pass(packet: Packet, { hook }: HookState): Verdict {
    const connection = connectionOf(packet);
    const proxy = connection?.proxy;
    if (connection === undefined || proxy === undefined) return ACCEPT;
    if (hook === INPUT && packet.inDevice === LOOPBACK) return ACCEPT;
    const { bytes, network, end, family } = packet;
    const transport = transportOf(bytes, network, end, family);
    if (transport === undefined || transport.protocol !== TCP) return ACCEPT;
    const at = transport.offset;
    if (at + TCP_LENGTH > end) return DROP;
    const direction = infoDirection(packet.connectionInfo);
    const flags = tcpFlags(bytes, at);
    switch (connection.state) {
      case TCP_CLOSE:
        if ((flags & TCP_RST) !== 0 && direction === REPLY) {
          initSequence(connection, direction, proxy.initialSequence - tcpSequence(bytes, at) + 1);
          break;
        }
        if ((flags & (TCP_SYN | TCP_ACK)) !== TCP_SYN || direction === REPLY) break;
        // Opened again: how far the server's numbers are away will be known when it answers.
        proxy.stampOffset = 0;
        this.counts.reopened++;
        return this.#onSyn(packet, at, connection, proxy, direction, flags);
      case TCP_SYN_SENT:
        return this.#onSyn(packet, at, connection, proxy, direction, flags);
      case TCP_SYN_RECV:
        if ((flags & (TCP_SYN | TCP_ACK)) !== (TCP_SYN | TCP_ACK)) break;
        return this.#onAnswer(packet, at, connection, proxy, direction);
    }
    adjustTimestamp(packet, at, direction, proxy.stampOffset);
    return ACCEPT;
  }

  /** The proxy's own SYN is on its way to the server; or the client, who waits for it, keeps alive. */
  #onSyn(
    packet: Packet,
    at: number,
    connection: Connection,
    proxy: ProxyState,
    direction: Direction,
    flags: number,
  ): Verdict {
    const { bytes, end } = packet;
    const offers = this.#offers;
    if (!offers.read(bytes, at, end)) return DROP;
    if ((flags & (TCP_SYN | TCP_ACK)) === TCP_ACK && direction === ORIGINAL) {
      // A keep-alive carries the number before the next one.
      if (!this.#begin(packet, at, tcpSequence(bytes, at) + 1)) return DROP;
      this.counts.retransmitted++;
      return this.#consume(packet);
    }
    proxy.initialSequence = tcpAcknowledgment(bytes, at);
    if (offers.known & OFFER.TIMESTAMP) proxy.initialStamp = offers.echo;
    this.#conntrack.events.note(connection, EVENT.SYNPROXY);
    adjustTimestamp(packet, at, direction, proxy.stampOffset);
    return ACCEPT;
  }

  /** The server has answered: it gets its ACK, the client learns its window, and from now on numbers are moved. */
  #onAnswer(
    packet: Packet,
    at: number,
    connection: Connection,
    proxy: ProxyState,
    direction: Direction,
  ): Verdict {
    const { bytes, end } = packet;
    const { events } = this.#conntrack;
    const offers = this.#offers;
    if (!offers.read(bytes, at, end)) return DROP;
    if (offers.known & OFFER.TIMESTAMP) {
      proxy.stampOffset = (offers.stamp - proxy.initialStamp) | 0;
      events.note(connection, EVENT.SYNPROXY);
    }
    offers.known &= OFFER.TIMESTAMP;
    const { known, scale, stamp, echo } = offers;
    const sequence = tcpSequence(bytes, at);
    const acknowledgment = tcpAcknowledgment(bytes, at);
    offers.stamp = echo;
    offers.echo = stamp;
    const window = tcpData(connection).sides[ORIGINAL].maxWindow & 0xffff;
    const toServer = { sequence: acknowledgment, acknowledgment: sequence + 1, flags: TCP_ACK, window };
    this.#sendAs(packet, at, true, toServer, undefined, 0);
    initSequence(connection, direction, proxy.initialSequence - sequence);
    events.note(connection, EVENT.NATSEQADJ);
    // The first segment may have met others on its way.
    offers.known = known;
    offers.stamp = stamp;
    offers.echo = echo;
    const toClient = {
      sequence: sequence + 1,
      acknowledgment,
      flags: TCP_ACK,
      window: tcpWindow(bytes, at) >> scale,
    };
    this.#send(packet, at, false, toClient, INFO_ESTABLISHED_REPLY);
    return this.#consume(packet);
  }
}
