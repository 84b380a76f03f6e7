import { printPacket } from '../../formats/packet-language/index.ts';
import { get16 } from '../../wire/bytes.ts';
import { printAddress, printEnd, readAddress } from './ends.ts';
import { type PacketView, TCP_ACK, TCP_SYN, tcpView, viewOf } from './packet-view.ts';

/** Where a side of a conversation is: behind a device, or a process of the host. */
export type Side = { readonly kind: 'device'; readonly device: string } | { readonly kind: 'local' };

/** A step that cannot be: the message says why. */
export class ConversationProblem extends Error {}

const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;
const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
/** The first sequence number of who answers a connection. */
const FIRST_SEQUENCE = 5000;

/** Two sides that speak through a host: each answers what it really got, translated or not. */
export class Conversation {
  readonly #sides: [Side | undefined, Side | undefined] = [undefined, undefined];
  /** What each side sent last, and what it got last. */
  readonly #sent: [PacketView | undefined, PacketView | undefined] = [undefined, undefined];
  readonly #got: [PacketView | undefined, PacketView | undefined] = [undefined, undefined];
  /** Who sent the last packet. */
  #speaker: 0 | 1 = 0;

  /** A packet that a test wrote itself begins a conversation, unless it comes from the place where the last one left to. */
  begin(from: Side, packet: Uint8Array): void {
    const view = viewOf(packet);
    const other = this.#sides[1];
    const answers =
      other !== undefined && sameSide(other, from) && !(this.#sides[0] && sameSide(this.#sides[0], from));
    this.#speaker = answers ? 1 : 0;
    if (!answers) {
      this.#sides[1] = undefined;
      this.#sent[1] = undefined;
      this.#got[0] = undefined;
      this.#got[1] = undefined;
    }
    this.#sides[this.#speaker] = from;
    this.#sent[this.#speaker] = view;
  }

  /** The packet got through. */
  arrived(to: Side, packet: Uint8Array): void {
    const hearer = this.#speaker === 0 ? 1 : 0;
    this.#sides[hearer] = to;
    this.#got[hearer] = viewOf(packet);
  }

  /** It did not. */
  lost(): void {
    this.#got[this.#speaker === 0 ? 1 : 0] = undefined;
  }

  /** The other side answers. @throws {ConversationProblem} */
  reply(words: string): { readonly from: Side; readonly text: string } {
    const hearer = this.#speaker === 0 ? 1 : 0;
    const got = this.#got[hearer];
    const from = this.#sides[hearer];
    if (!got || !from)
      throw new ConversationProblem('nobody can reply: the packet before did not get through');
    this.#speaker = hearer;
    return { from, text: this.#speak(hearer, words, got) };
  }

  /** The same side speaks again. @throws {ConversationProblem} */
  again(words: string): { readonly from: Side; readonly text: string } {
    const from = this.#sides[this.#speaker];
    const sent = this.#sent[this.#speaker];
    if (!from || !sent) throw new ConversationProblem('nobody has sent anything yet');
    return { from, text: this.#speak(this.#speaker, words, undefined) };
  }

  /** An ICMP error about the last packet that got through. @throws {ConversationProblem} */
  error(words: string, by: string | undefined): { readonly from: Side; readonly text: string } {
    const hearer = this.#speaker === 0 ? 1 : 0;
    const about = this.#got[hearer];
    const from = this.#sides[hearer];
    if (!about || !from)
      throw new ConversationProblem('there is no packet to report: the one before did not get through');
    const sender = by ?? printAddress(about.destination.address);
    if (readAddress(sender).family !== about.family)
      throw new ConversationProblem(`from: ${sender} is of the other family`);
    const protocol = about.family === 4 ? 'icmp' : 'icmp6';
    this.#speaker = hearer;
    const text = `${protocol} ${sender} > ${printAddress(about.source.address)} ${words} { ${printPacket(about.bytes)} }`;
    return { from, text };
  }

  /** Remembers what was said, for the numbers of what follows. */
  said(packet: Uint8Array): void {
    this.#sent[this.#speaker] = viewOf(packet);
  }

  #speak(side: 0 | 1, words: string, answered: PacketView | undefined): string {
    const sent = this.#sent[side];
    const got = this.#got[side];
    const base = answered ?? sent!;
    const [source, destination] = answered
      ? [answered.destination, answered.source]
      : [base.source, base.destination];
    const ends = `${printEnd(source)} > ${printEnd(destination)}`;
    switch (base.protocol) {
      case TCP:
        return `tcp ${ends} ${tcpWords(words, sent, got)}`;
      case UDP:
        return `udp ${ends} ${words || '"answer"'}`;
      case ICMP:
      case ICMPV6:
        return echo(base, answered !== undefined, ends, words);
      default:
        throw new ConversationProblem(
          'reply and again are for TCP, UDP and ICMP echo; write the packet itself for others',
        );
    }
  }
}

/** The words of a TCP segment that its side sends next. */
function tcpWords(words: string, sent: PacketView | undefined, got: PacketView | undefined): string {
  const said = got && got.protocol === TCP ? tcpView(got) : undefined;
  const own = sent && sent.protocol === TCP ? tcpView(sent) : undefined;
  const parts: string[] = [];
  const flagged = /(^|[\s,])(syn|ack|fin|rst|psh|urg|ece|cwr)([\s,]|$)|\bflags\s/.test(
    words.replace(/"[^"]*"/g, ''),
  );
  if (!flagged) {
    const isOpening = said !== undefined && (said.flags & (TCP_SYN | TCP_ACK)) === TCP_SYN;
    parts.push(isOpening ? 'syn,ack' : words === '' ? 'ack' : 'psh,ack');
  }
  if (!/\bseq\s/.test(words))
    parts.push(`seq ${own?.next ?? (said && said.flags & TCP_ACK ? said.acknowledgment : FIRST_SEQUENCE)}`);
  if (said && !/\back(nowledgment)?\s+\d/.test(words)) parts.push(`ack ${said.next}`);
  if (words !== '') parts.push(words);
  return parts.join(' ');
}

function echo(base: PacketView, answers: boolean, ends: string, words: string): string {
  const { bytes, offset, family } = base;
  const protocol = family === 4 ? 'icmp' : 'icmp6';
  if (answers && bytes[offset] !== ECHO_REQUEST[family]) {
    throw new ConversationProblem('of ICMP only echo requests are replied to');
  }
  const id = get16(bytes, offset + 4);
  const sequence = get16(bytes, offset + 6) + (answers ? 0 : 1);
  const type = answers ? 'echo-reply' : 'echo-request';
  return `${protocol} ${ends} ${type} id ${id} seq ${sequence & 0xffff} ${words}`;
}

function sameSide(a: Side, b: Side): boolean {
  return a.kind === b.kind && (a.kind === 'local' || a.device === (b as { device: string }).device);
}
