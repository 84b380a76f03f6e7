import type { HookName } from '../netfilter/constants.ts';

/**
 * A packet's journey through a host as plain data: it survives JSON. Names of interfaces, hooks and verdicts are
 * the field's words; packets are lines of the packet language (formats/packet-language), frames are hex.
 */
export interface Journey {
  /** Number of the packet on its host, from 1. */
  readonly packet: number;
  /** Number of the packet because of which this one was made; left out if there is none. */
  readonly cause?: number;
  /** Microseconds of the host's clock when it began. */
  readonly time: number;
  readonly family: 4 | 6;
  readonly origin: Origin;
  /** The packet as it began: in short, and whole (it reads back as the same bytes). */
  readonly summary: string;
  readonly line: string;
  /** What happened to it, in order. */
  readonly steps: readonly Step[];
  readonly end: End;
  /** Packets that were made because of this one: ICMP errors, echo replies, resets, questions for a neighbour. */
  readonly caused: readonly Journey[];
}

export type Origin =
  | { readonly kind: 'arrived'; readonly device: string }
  /** A local process or the host itself made it. */
  | { readonly kind: 'made'; readonly why: string }
  /** It had waited; its journey so far was told before. */
  | { readonly kind: 'resumed' };

export type Step =
  | HookStep
  | { readonly kind: 'arrive'; readonly device: string }
  | { readonly kind: 'route'; readonly found: boolean; readonly device: string; readonly why: string }
  | { readonly kind: 'change'; readonly changes: readonly Change[] }
  | { readonly kind: 'deliver'; readonly to: string }
  | TransmitStep
  | { readonly kind: 'drop'; readonly where: string; readonly reason: string }
  | { readonly kind: 'fragment'; readonly what: string }
  | { readonly kind: 'wait'; readonly what: string }
  | { readonly kind: 'log'; readonly line: string }
  /** Here the packet with this number came to be; its journey is among those `caused`. */
  | { readonly kind: 'cause'; readonly packet: number };

/** A frame that left. */
export interface TransmitStep {
  readonly kind: 'transmit';
  readonly device: string;
  readonly summary: string;
  readonly line: string;
  /** The frame, hex. */
  readonly frame: string;
}

/** One function that was asked at a hook. */
export interface HookStep {
  readonly kind: 'hook';
  readonly hook: HookName;
  /** Name it was registered by: `iptable_filter`. */
  readonly name: string;
  readonly priority: number;
  /** ACCEPT, DROP, STOLEN, QUEUE or REPEAT; the number of the queue for QUEUE. */
  readonly verdict: string;
  readonly queue?: number;
  /** Lines of tables that were asked, in order. */
  readonly asked: readonly Asked[];
  /** What it found out or chose: the packet's connection, what NAT made of it. Left out if there is nothing. */
  readonly notes?: readonly string[];
  /** What it changed, if no rule of a table did. */
  readonly changes: readonly Change[];
}

/** A line of a chain: a rule, or the chain's end. */
export interface Asked {
  readonly table: string;
  readonly chain: string;
  /** Counts from 1; a chain's end has the number of its rules plus one. */
  readonly number: number;
  /** `policy`: the end of a built-in chain; `return`: that of a user's chain. */
  readonly outcome: 'matched' | 'missed' | 'policy' | 'return';
  /** The rule as `iptables -S` prints it; left out for a chain's end. */
  readonly rule?: string;
  /** Its counters once this packet was counted; left out for a rule that did not match. */
  readonly packets?: number;
  readonly bytes?: number;
  /** Of a rule that did not match: the first test that failed, and what the packet has there. */
  readonly test?: string;
  readonly value?: string;
  /** Of a rule that matched: what its target changed, and lines it wrote to the log. */
  readonly changes?: readonly Change[];
  readonly log?: readonly string[];
}

/** A field before and after: `ip.ttl` `64` `63`; the firewall mark is `mark`. */
export interface Change {
  readonly field: string;
  readonly before: string;
  readonly after: string;
  /** Follows from other changes: a checksum, a length. */
  readonly computed: boolean;
}

/** What became of it. */
export interface End {
  readonly kind: 'sent' | 'delivered' | 'dropped' | 'waiting' | 'stolen' | 'replaced';
  /** The rule or policy that decided: the one that dropped it, or the last of table filter that let it pass. */
  readonly by?: Decision;
  /** Devices that frames left by, in order, each once. */
  readonly devices: readonly string[];
  /** The verdict as one sentence: `dropped by rule 3 of filter FORWARD: -A FORWARD … -j DROP`. */
  readonly text: string;
  /** Words that all that ended alike have in common, where neither `by` nor `text` is that. */
  readonly reason?: string;
}

export interface Decision {
  readonly table: string;
  readonly chain: string;
  readonly number: number;
  readonly outcome: 'matched' | 'policy';
  readonly rule?: string;
}

/** How packets become words; the packet language's printer is handed in. */
export interface PacketWords {
  /** A bare IP packet. */
  summarizePacket(bytes: Uint8Array): string;
  printPacket(bytes: Uint8Array): string;
  /** Every field of a bare IP packet in words, from the outside in. */
  dissectPacket(
    bytes: Uint8Array,
  ): readonly { readonly name: string; readonly value: string; readonly computed: boolean }[];
  /** A frame. */
  summarizeFrame(bytes: Uint8Array): string;
  printFrame(bytes: Uint8Array): string;
}
