import { get32, set32 } from '../../wire/bytes.ts';
import {
  IPV4_OPTION_CIPSO,
  IPV4_OPTION_END,
  IPV4_OPTION_LOOSE_ROUTE,
  IPV4_OPTION_NOP,
  IPV4_OPTION_RECORD_ROUTE,
  IPV4_OPTION_ROUTER_ALERT,
  IPV4_OPTION_STRICT_ROUTE,
  IPV4_OPTION_TIMESTAMP,
} from '../../wire/ipv4.ts';

/** Kinds of timestamp options: only times; addresses and times; times of the addresses that are given. */
const ONLY_TIMES = 0;
const ADDRESSES_TOO = 1;
export const GIVEN_ADDRESSES = 3;

/** Options as read (struct ip_options). Places are offsets from the IP header; 0: there is no such option. */
export class Options {
  /** Bytes of options. */
  length = 0;
  sourceRoute = 0;
  recordRoute = 0;
  timestamp = 0;
  routerAlert = 0;
  cipso = 0;
  strict = false;
  /** The packet is at a hop of its source route and goes on to {@link nextHop}. */
  hit = false;
  nextHop = 0;
  /** First hop of a source route that this host's own packet takes; its destination goes behind the route. */
  firstHop = 0;
  /** Record route, or a timestamp option, has got this host's address, which is the one it leaves by. */
  recordAddress = false;
  timestampAddress = false;
  timestampTime = false;
  /** Options were written to; the checksum of the header is to be made anew. */
  changed = false;
}

/** What reading options asks of the host. */
export interface OptionsHost {
  /** The address that this host answers the packet from (fib_compute_spec_dst). */
  ownAddress(): number;
  /** Milliseconds since midnight UTC. */
  timeOfDay(): number;
  /** The address is neither the host's own nor a broadcast or multicast one. */
  isForeign(address: number): boolean;
}

/**
 * Reads the options of the packet at `network` and fills in what a receiver does: its address, the time. Answers 0, or
 * the offset (from the IP header) of the byte that is wrong. (net/ipv4/ip_options.c __ip_options_compile)
 */
export function readOptions(options: Options, bytes: Uint8Array, network: number, host: OptionsHost): number {
  const end = network + ((bytes[network]! & 15) << 2);
  options.length = end - network - 20;
  let at = network + 20;
  while (at < end) {
    const kind = bytes[at]!;
    if (kind === IPV4_OPTION_END) {
      for (at++; at < end; at++) {
        if (bytes[at] !== IPV4_OPTION_END) {
          bytes[at] = IPV4_OPTION_END;
          options.changed = true;
        }
      }
      return 0;
    }
    if (kind === IPV4_OPTION_NOP) {
      at++;
      continue;
    }
    const length = end - at < 2 ? 0 : bytes[at + 1]!;
    if (length < 2 || length > end - at) return at - network;
    const wrong = readOption(options, bytes, network, at, length, host);
    if (wrong >= 0) return wrong - network;
    at += length;
  }
  return 0;
}

/** Reads one option; answers the place of a mistake, or -1. */
function readOption(
  options: Options,
  bytes: Uint8Array,
  network: number,
  at: number,
  length: number,
  host: OptionsHost,
): number {
  switch (bytes[at]) {
    case IPV4_OPTION_STRICT_ROUTE:
    case IPV4_OPTION_LOOSE_ROUTE:
      if (length < 3) return at + 1;
      if (bytes[at + 2]! < 4) return at + 2;
      if (options.sourceRoute !== 0) return at;
      options.strict = bytes[at] === IPV4_OPTION_STRICT_ROUTE;
      options.sourceRoute = at - network;
      return -1;
    case IPV4_OPTION_RECORD_ROUTE:
      return readRecordRoute(options, bytes, network, at, length, host);
    case IPV4_OPTION_TIMESTAMP:
      return readTimestamp(options, bytes, network, at, length, host);
    case IPV4_OPTION_ROUTER_ALERT:
      if (length < 4) return at + 1;
      if (bytes[at + 2] === 0 && bytes[at + 3] === 0) options.routerAlert = at - network;
      return -1;
    case IPV4_OPTION_CIPSO:
      return readCipso(options, network, at, length);
    default:
      return -1;
  }
}

function readRecordRoute(
  options: Options,
  bytes: Uint8Array,
  network: number,
  at: number,
  length: number,
  host: OptionsHost,
): number {
  if (options.recordRoute !== 0) return at;
  if (length < 3) return at + 1;
  const pointer = bytes[at + 2]!;
  if (pointer < 4) return at + 2;
  if (pointer <= length) {
    if (pointer + 3 > length) return at + 2;
    set32(bytes, at + pointer - 1, host.ownAddress());
    options.changed = true;
    bytes[at + 2] = pointer + 4;
    options.recordAddress = true;
  }
  options.recordRoute = at - network;
  return -1;
}

function readTimestamp(
  options: Options,
  bytes: Uint8Array,
  network: number,
  at: number,
  length: number,
  host: OptionsHost,
): number {
  if (options.timestamp !== 0) return at;
  if (length < 4) return at + 1;
  const pointer = bytes[at + 2]!;
  if (pointer < 5) return at + 2;
  const kind = bytes[at + 3]! & 15;
  if (pointer <= length) {
    if (pointer + 3 > length) return at + 2;
    let time = 0;
    if (kind === ONLY_TIMES) {
      time = at + pointer - 1;
      options.timestampTime = true;
      bytes[at + 2] = pointer + 4;
    } else if (kind === ADDRESSES_TOO) {
      if (pointer + 7 > length) return at + 2;
      set32(bytes, at + pointer - 1, host.ownAddress());
      time = at + pointer + 3;
      options.timestampAddress = true;
      options.timestampTime = true;
      bytes[at + 2] = pointer + 8;
    } else if (kind === GIVEN_ADDRESSES) {
      if (pointer + 7 > length) return at + 2;
      if (!host.isForeign(get32(bytes, at + pointer - 1))) {
        time = at + pointer + 3;
        options.timestampTime = true;
        bytes[at + 2] = pointer + 8;
      }
    }
    if (time !== 0) {
      set32(bytes, time, host.timeOfDay());
      options.changed = true;
    }
  } else if (kind !== GIVEN_ADDRESSES) {
    const overflow = bytes[at + 3]! >> 4;
    if (overflow === 15) return at + 3;
    bytes[at + 3] = kind | ((overflow + 1) << 4);
    options.changed = true;
  }
  options.timestamp = at - network;
  return -1;
}

/** No labels are configured here, so that every label is an unknown one. (net/ipv4/cipso_ipv4.c cipso_v4_validate) */
function readCipso(options: Options, network: number, at: number, length: number): number {
  if (options.cipso !== 0) return at;
  options.cipso = at - network;
  return length < 8 ? at + 1 : at + 2;
}
