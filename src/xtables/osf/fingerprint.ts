import type { Packet } from '../../netfilter/packet.ts';
import { get16 } from '../../wire/bytes.ts';
import {
  TCP_LENGTH,
  TCP_OPTION_END,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
  TCP_SYN,
  tcpFlags,
  tcpHeaderLength,
  tcpWindow,
} from '../../wire/tcp.ts';

/** What a window or an option's number says: a number, a multiple of the segment size, of the MTU, or of a number. */
export type NumberKind = 'plain' | 'segments' | 'packets' | 'multiple';

export interface FingerprintNumber {
  readonly kind: NumberKind;
  /** Unsigned 32 bits; a plain 0 is any. */
  readonly value: number;
}

export interface FingerprintOption extends FingerprintNumber {
  readonly option: number;
}

/** How an operating system begins a TCP connection (struct nf_osf_user_finger). */
export interface Fingerprint {
  readonly window: FingerprintNumber;
  /** What packets begin with. */
  readonly ttl: number;
  readonly dontFragment: boolean;
  /** Bytes of the whole packet. */
  readonly length: number;
  /** In their order; the numbers are kept, but Linux does not look at them. */
  readonly options: readonly FingerprintOption[];
  readonly genre: string;
  readonly version: string;
  readonly subtype: string;
}

/** Letters of TCP options in fingerprints, and how long these are. */
export const OPTION_LETTERS: ReadonlyMap<number, { readonly letter: string; readonly length: number }> =
  new Map([
    [TCP_OPTION_END, { letter: 'E', length: 1 }],
    [TCP_OPTION_NOP, { letter: 'N', length: 1 }],
    [TCP_OPTION_MSS, { letter: 'M', length: 4 }],
    [TCP_OPTION_WINDOW_SCALE, { letter: 'W', length: 3 }],
    [TCP_OPTION_SACK_PERMITTED, { letter: 'S', length: 2 }],
    [TCP_OPTION_TIMESTAMPS, { letter: 'T', length: 10 }],
  ]);

/** Segment sizes that a window may be a multiple of, whatever the packet says: modems change the latter. */
const USUAL_SIZES = [1460, 1448];
const DONT_FRAGMENT = 0x40;

/** How strictly times to live are compared. */
export const TTL = { SAME: 0, AT_MOST: 1, ANY: 2 } as const;

/** A SYN as fingerprints see it. One object, reused. */
export class SynView {
  length = 0;
  window = 0;
  ttl = 0;
  dontFragment = false;
  /** Offsets of the TCP header and of its options, and how many bytes these have. */
  header = 0;
  options = 0;
  optionsLength = 0;

  /** Reads a packet's headers; false if it is no SYN, or cut off. (nf_osf_hdr_ctx_init) */
  read({ bytes, network, end }: Packet): boolean {
    const header = network + (bytes[network]! & 15) * 4;
    if (header + TCP_LENGTH > end || (tcpFlags(bytes, header) & TCP_SYN) === 0) return false;
    this.header = header;
    this.length = get16(bytes, network + 2);
    this.dontFragment = (bytes[network + 6]! & DONT_FRAGMENT) !== 0;
    this.ttl = bytes[network + 8]!;
    this.window = tcpWindow(bytes, header);
    this.options = header + TCP_LENGTH;
    this.optionsLength = Math.max(0, tcpHeaderLength(bytes, header) - TCP_LENGTH);
    return this.options + this.optionsLength <= end;
  }
}

/** Does a fingerprint fit? Whether the packet may be fragmented was compared before. (nf_osf_match_one) */
export function fits(print: Fingerprint, bytes: Uint8Array, syn: SynView, ttl: number): boolean {
  if (syn.length !== print.length) return false;
  // Linux asks about the local network, too, where the answer is no either way.
  if (ttl === TTL.SAME ? syn.ttl !== print.ttl : ttl === TTL.AT_MOST && syn.ttl > print.ttl) return false;
  const { options } = print;
  let length = 0;
  for (let i = 0; i < options.length; i++) length += OPTION_LETTERS.get(options[i]!.option)!.length;
  if (length !== syn.optionsLength) return false;
  let segment = 0;
  let at = syn.options;
  for (let i = 0; i < options.length; i++) {
    const { option } = options[i]!;
    if (bytes[at] !== option) return false;
    if (option === TCP_OPTION_MSS) segment = get16(bytes, at + 2);
    at += OPTION_LETTERS.get(option)!.length;
  }
  return windowFits(print.window, syn.window, segment);
}

const IP_AND_TCP = 40;

function windowFits({ kind, value }: FingerprintNumber, window: number, segment: number): boolean {
  if (kind === 'plain') return value === 0 || window === value;
  if (kind === 'multiple') return window % value === 0;
  const headers = kind === 'packets' ? IP_AND_TCP : 0;
  const isTimes = (size: number) => window === Math.imul(value, size + headers) >>> 0;
  return isTimes(segment) || USUAL_SIZES.some(isTimes);
}

/** A SYN in the words of a fingerprint: `5840:64:1:60:M1460,S,T,N,W7`. */
export function describeSyn(bytes: Uint8Array, syn: SynView): string {
  const words: string[] = [];
  const to = syn.options + syn.optionsLength;
  for (let at = syn.options; at < to; ) {
    const option = bytes[at]!;
    const known = OPTION_LETTERS.get(option);
    words.push(known ? known.letter + numberOf(bytes, at, option, to) : `?${option}`);
    if (option === TCP_OPTION_END) break;
    at += option === TCP_OPTION_NOP ? 1 : Math.max(2, at + 1 < to ? bytes[at + 1]! : 2);
  }
  const { window, ttl, dontFragment, length } = syn;
  return `${window}:${ttl}:${dontFragment ? 1 : 0}:${length}:${words.join(',') || '.'}`;
}

function numberOf(bytes: Uint8Array, at: number, option: number, to: number): string {
  if (option === TCP_OPTION_MSS && at + 4 <= to) return String(get16(bytes, at + 2));
  return option === TCP_OPTION_WINDOW_SCALE && at + 3 <= to ? String(bytes[at + 2]) : '';
}
