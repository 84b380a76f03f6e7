import type { BitmapSet } from '../../ipset/bitmap.ts';
import type { HashSet } from '../../ipset/hash.ts';
import type { PartValue } from '../../ipset/request.ts';
import type { Names } from '../../xtables/names.ts';
import { parseAddresses, separator } from './addresses.ts';
import { ICMP4_CODES, ICMP6_CODES } from './icmp-names.ts';
import { IpsetProblem, number, syntax } from './problem.ts';

export type PortValue = Extract<PartValue, { kind: 'port' }>;

const WITH_PORTS = [6, 17, 132, 136];
const TCP = 6;
const UDP = 17;
const ICMP = 1;
const ICMPV6 = 58;

/**
 * ICMP of the other family. The real tool goes on with IPv4 and stumbles over what follows, or then misses the part.
 */
function unfitting(
  protocol: number,
  set: HashSet | BitmapSet,
  names: Names,
  command: string,
  next: string | undefined,
): IpsetProblem {
  const [name, family] = protocol === ICMP ? ['ICMP', 'inet'] : ['ICMPv6', 'inet6'];
  const message = `Protocol ${name} can be used with family ${family} only`;
  if (next !== undefined) {
    try {
      parseAddresses(next, 4, 'range', names);
    } catch (error) {
      if (error instanceof Error) return syntax(`${message}\n${error.message}`);
    }
  }
  const first = set.type.parts[0];
  if (command === 'del' || (command === 'test' && first === 'ip' && set.type.parts[2] !== 'net'))
    return new IpsetProblem(
      "There are missing mandatory flags but can't check them. It's a bug, please report the problem.",
    );
  return syntax(`${message}\nInvalid ${command} command: missing setname`);
}

function parseNumber(text: string, protocol: string, names: Names): number {
  const known = names.servicePort(text, protocol);
  if (known !== undefined) return known;
  try {
    return number(text, 0, 65535);
  } catch (error) {
    const first = error instanceof Error ? error.message : '';
    throw new IpsetProblem(
      `${first}\nSyntax error: '${protocol}' is invalid as number\ncannot parse '${text}' as a ${protocol} port`,
    );
  }
}

function parseProtocol(text: string, names: Names): number {
  const known = text === 'icmpv6' ? ICMPV6 : names.protocolNumber(text.toLowerCase());
  if (known !== undefined) return known;
  if (/^(0x[0-9a-f]+|\d+)$/i.test(text) && Number(text) <= 255) return Number(text);
  throw syntax(`cannot parse '${text}' as a protocol`);
}

/** `port`, `from-to`, as a port of TCP if no protocol is said. @throws {IpsetProblem} */
export function parsePortRange(text: string, protocol: number, names: Names): PortValue {
  const name = names.protocolName(protocol) ?? String(protocol);
  const dash = separator(text, '-');
  const kind = 'port';
  if (dash < 0) return { kind, protocol, from: parseNumber(text, name, names), to: undefined };
  const from = parseNumber(text.slice(0, dash), name, names);
  return { kind, protocol, from, to: parseNumber(text.slice(dash + 1), name, names) };
}

/** `[protocol:]port`, `icmp:type/code` …; `next` is the part behind it. @throws {IpsetProblem} */
export function parsePort(
  text: string,
  set: HashSet | BitmapSet,
  names: Names,
  command: string,
  next: string | undefined,
): PortValue {
  const colon = separator(text, ':');
  const word = colon < 0 ? 'tcp' : text.slice(0, colon);
  const rest = colon < 0 ? text : text.slice(colon + 1);
  const protocol = parseProtocol(word, names);
  if (set.kind === 'bitmap') return parseBitmapPort(rest, protocol, names);
  if (WITH_PORTS.includes(protocol)) return parsePortRange(rest, protocol, names);
  if (protocol === ICMP || protocol === ICMPV6) {
    if ((protocol === ICMPV6) !== (set.settings.family === 6))
      throw unfitting(protocol, set, names, command, next);
    return { kind: 'port', protocol, from: icmpCode(rest, protocol), to: undefined };
  }
  if (rest !== '0') throw syntax(`Protocol ${word} can be used with pseudo port value 0 only.`);
  return { kind: 'port', protocol, from: 0, to: undefined };
}

/** A port of a bitmap: only the number is kept. @throws {IpsetProblem} */
export function parseBitmapPort(text: string, protocol: number, names: Names): PortValue {
  if (protocol !== TCP && protocol !== UDP) throw syntax('Only protocols TCP and UDP are valid');
  return parsePortRange(text, protocol, names);
}

function icmpCode(text: string, protocol: number): number {
  const known = codes(protocol).find(([name]) => name === text);
  if (known) return (known[1] << 8) | known[2];
  const slash = separator(text, '/');
  if (slash < 0)
    throw new IpsetProblem(`Cannot parse ${text} as an ${protocol === ICMP ? 'ICMP' : 'ICMPv6'} type/code.`);
  return (number(text.slice(0, slash), 0, 255) << 8) | number(text.slice(slash + 1), 0, 255);
}

function codes(protocol: number) {
  return protocol === ICMP ? ICMP4_CODES : ICMP6_CODES;
}

/** How a port is written; of a bitmap only its number. */
export function portText(protocol: number, port: number, isBitmap: boolean, names: Names): string {
  if (isBitmap) return String(port);
  const name = names.protocolName(protocol) ?? String(protocol);
  if (protocol !== ICMP && protocol !== ICMPV6) return `${name}:${port}`;
  const known = codes(protocol).find(([, type, code]) => type === port >> 8 && code === (port & 255));
  return `${name}:${known ? known[0] : `${port >> 8}/${port & 255}`}`;
}
