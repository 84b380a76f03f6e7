import { get16, get32 } from '../../wire/bytes.ts';
import type { Host } from '../host.ts';
import type { Interface } from '../interface.ts';

/** Extended echo (RFC 8335): what state an interface of this host is in. */
export const EXTENDED_ECHO = 42;
const EXTENDED_ECHO_REPLY = 43;
const MALFORMED_QUERY = 1;
const NO_INTERFACE = 2;
const ACTIVE = 4;
const HAS_IPV4 = 2;
const HAS_IPV6 = 1;
const LONGEST_NAME = 15;
/** Extension object: 4 bytes of header, then at most an address of 16 bytes with its 4 bytes of header. */
const LONGEST_OBJECT = 24;

/**
 * Turns an extended echo request into its reply, in place. False if it is not answered: switched off, or not about an
 * interface of this host (the L bit). The checksum is the caller's. (net/ipv4/icmp.c icmp_build_probe)
 */
export function answerProbe(host: Host, message: Uint8Array): boolean {
  if (host.ipv4.settings.icmp_echo_enable_probe === 0 || (message[7]! & 1) === 0) return false;
  message[0] = EXTENDED_ECHO_REPLY;
  message[7] = 0;
  const found = queried(host, message);
  if (found === 'malformed') {
    message[1] = MALFORMED_QUERY;
  } else if (!found) {
    message[1] = NO_INTERFACE;
  } else {
    message[7] =
      (found.up ? ACTIVE : 0) |
      (found.addresses4.length > 0 ? HAS_IPV4 : 0) |
      (found.addresses6.length > 0 ? HAS_IPV6 : 0);
  }
  return true;
}

function queried(host: Host, message: Uint8Array): Interface | undefined | 'malformed' {
  const object = 12;
  if (message.length < object + 4) return 'malformed';
  const length = get16(message, object);
  if (length <= 4 || length > LONGEST_OBJECT || object + length > message.length) return 'malformed';
  const at = object + 4;
  const rest = length - 4;
  switch (message[object + 3]) {
    case 1: {
      if (rest > LONGEST_NAME) return 'malformed';
      let name = '';
      for (let i = at; i < at + rest && message[i] !== 0; i++) name += String.fromCharCode(message[i]!);
      return host.interfaces.get(name);
    }
    case 2:
      return rest === 4 ? host.interfaces.byIndex(get32(message, at)) : 'malformed';
    case 3:
      return byAddress(host, message, at, rest);
    default:
      return 'malformed';
  }
}

function byAddress(
  host: Host,
  message: Uint8Array,
  at: number,
  rest: number,
): Interface | undefined | 'malformed' {
  if (rest < 4 || rest !== 4 + message[at + 2]!) return 'malformed';
  const family = get16(message, at);
  const address = at + 4;
  if (family === 1 && rest === 8) {
    const wanted = get32(message, address);
    return host.interfaces.list().find((one) => one.addresses4.some((own) => own.address === wanted));
  }
  if (family === 2 && rest === 20) {
    return host.interfaces
      .list()
      .find((one) =>
        one.addresses6.some((own) => own.bytes.every((byte, i) => byte === message[address + i])),
      );
  }
  return 'malformed';
}
