import { get32, set32 } from '../../wire/bytes.ts';
import { IPV4_OPTION_END, IPV4_OPTION_NOP, IPV4_SOURCE_AT } from '../../wire/ipv4.ts';
import { GIVEN_ADDRESSES, Options } from './options.ts';

/** Options for an answer: what was read, and the bytes that go behind the header. */
export class EchoedOptions extends Options {
  readonly bytes = new Uint8Array(40);
}

/**
 * The options with which the packet at `network` is answered: record route and timestamps go on, a source route is
 * turned round. Answers undefined if they cannot be answered. (net/ipv4/ip_options.c __ip_options_echo)
 */
export function echoOptions(
  options: Options,
  packet: Uint8Array,
  network: number,
  isForeign: (address: number) => boolean,
): EchoedOptions | undefined {
  const echo = new EchoedOptions();
  if (options.recordRoute !== 0 && !echoRecordRoute(options, packet, network, echo)) return undefined;
  if (options.timestamp !== 0 && !echoTimestamp(options, packet, network, echo, isForeign)) return undefined;
  if (options.sourceRoute !== 0) echoSourceRoute(options, packet, network, echo);
  if (options.cipso !== 0) {
    echo.cipso = 20 + echo.length;
    append(echo, packet, network + options.cipso, packet[network + options.cipso + 1]!);
  }
  // Padding: what is not written is 0, the end of options.
  echo.length = (echo.length + 3) & ~3;
  return echo;
}

/** Where an answer to `sender` goes first: to the first hop of its source route, if it has one. */
export function firstDestination(echo: EchoedOptions | undefined, sender: number): number {
  return echo && echo.sourceRoute !== 0 ? echo.firstHop : sender;
}

function append(echo: EchoedOptions, packet: Uint8Array, at: number, length: number): void {
  echo.bytes.set(packet.subarray(at, at + Math.min(length, 40 - echo.length)), echo.length);
  echo.length += length;
}

function echoRecordRoute(
  options: Options,
  packet: Uint8Array,
  network: number,
  echo: EchoedOptions,
): boolean {
  const from = network + options.recordRoute;
  const length = packet[from + 1]!;
  const pointer = packet[from + 2]!;
  const to = echo.length;
  echo.recordRoute = 20 + to;
  append(echo, packet, from, length);
  if (options.recordAddress && pointer <= length) {
    if (pointer + 3 > length) return false;
    echo.bytes[to + 2] = pointer + 4;
    echo.recordAddress = true;
  }
  return true;
}

function echoTimestamp(
  options: Options,
  packet: Uint8Array,
  network: number,
  echo: EchoedOptions,
  isForeign: (address: number) => boolean,
): boolean {
  const from = network + options.timestamp;
  const length = packet[from + 1]!;
  let pointer = packet[from + 2]!;
  const to = echo.length;
  echo.timestamp = 20 + to;
  append(echo, packet, from, length);
  if (pointer > length) return true;
  if (options.timestampAddress) {
    if (pointer + 3 > length) return false;
    echo.timestampAddress = true;
    pointer += 4;
  }
  if (options.timestampTime) {
    if (pointer + 3 > length) return false;
    if ((echo.bytes[to + 3]! & 15) !== GIVEN_ADDRESSES) {
      echo.timestampTime = true;
      pointer += 4;
    } else if (pointer + 7 <= length && !isForeign(get32(echo.bytes, to + pointer - 1))) {
      echo.timestampTime = true;
      pointer += 8;
    }
  }
  echo.bytes[to + 2] = pointer;
  return true;
}

function echoSourceRoute(options: Options, packet: Uint8Array, network: number, echo: EchoedOptions): void {
  const from = network + options.sourceRoute;
  const length = packet[from + 1]!;
  const to = echo.length;
  let pointer = packet[from + 2]!;
  if (pointer > length) pointer = length + 1;
  pointer -= 4;
  if (pointer <= 3) return;
  const first = get32(packet, from + pointer - 1);
  let written = 4;
  for (pointer -= 4; pointer > 3; pointer -= 4, written += 4) {
    set32(echo.bytes, to + written - 1, get32(packet, from + pointer - 1));
  }
  // RFC 1812 §5.2.4.1: a route that already names the sender does not get it a second time.
  if (get32(packet, network + IPV4_SOURCE_AT) === get32(packet, from + pointer + 3)) written -= 4;
  if (written <= 3) return;
  echo.firstHop = first;
  echo.strict = options.strict;
  echo.sourceRoute = 20 + to;
  echo.bytes[to] = packet[from]!;
  echo.bytes[to + 1] = written + 3;
  echo.bytes[to + 2] = 4;
  echo.length += written + 3;
}

/**
 * Writes an answer's options behind its header at `network`: `destination` ends the source route, `address` is the one
 * it leaves by. (net/ipv4/ip_options.c ip_options_build)
 */
export function buildOptions(
  options: EchoedOptions,
  bytes: Uint8Array,
  network: number,
  destination: number,
  address: number,
  timeOfDay: number,
): void {
  bytes.set(options.bytes.subarray(0, options.length), network + 20);
  const { sourceRoute, recordRoute, timestamp } = options;
  if (sourceRoute !== 0) {
    const at = network + sourceRoute;
    set32(bytes, at + bytes[at + 1]! - 4, destination);
  }
  if (options.recordAddress) {
    const at = network + recordRoute;
    set32(bytes, at + bytes[at + 2]! - 5, address);
  }
  const at = network + timestamp;
  if (options.timestampAddress) set32(bytes, at + bytes[at + 2]! - 9, address);
  if (options.timestampTime) set32(bytes, at + bytes[at + 2]! - 5, timeOfDay);
}

/**
 * After the first fragment has left: what is not to be copied into the others becomes no-operation.
 * (net/ipv4/ip_options.c ip_options_fragment)
 */
export function keepCopiedOptions(bytes: Uint8Array, network: number, optionsLength: number): void {
  let at = network + 20;
  const end = at + optionsLength;
  while (at < end) {
    const kind = bytes[at]!;
    if (kind === IPV4_OPTION_END) return;
    if (kind === IPV4_OPTION_NOP) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 2 || length > end - at) return;
    if ((kind & 0x80) === 0) bytes.fill(IPV4_OPTION_NOP, at, at + length);
    at += length;
  }
}
