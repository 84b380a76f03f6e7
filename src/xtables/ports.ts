import type { Given, Option, PrintContext, ValueType } from './extension.ts';
import type { FieldName } from './fields.ts';
import type { Names } from './names.ts';
import { Problem } from './problem.ts';
import { tooMany } from './ranges.ts';
import { type Range, unsigned } from './values.ts';

/** A port number or the name of a service: `xtables_parse_port`. */
export function parsePort(given: string, protocol: string | undefined, names: Names): number {
  const number = unsigned(given, 0, 65535) ?? names.servicePort(given, protocol);
  if (number === undefined) throw new Problem(`invalid port/service \`${given}' specified`);
  return number;
}

/**
 * A port as libxtables' own parser of ranges reads it (XTTYPE_PORTRC): by getaddrinfo, which takes decimal digits, cuts
 * to 16 bits what is too large for them, and knows the names of services.
 */
function resolvePort(given: string, names: Names): number {
  const [, sign, digits] = /^[ \t\n\v\f\r]*([+-]?)([0-9]+)$/.exec(given) ?? [];
  if (digits !== undefined && BigInt(digits) < 2n ** 64n) {
    // strtoul turns a negative number round; the result is cut to an int that must not be negative.
    const number = BigInt.asIntN(32, sign === '-' ? -BigInt(digits) : BigInt(digits));
    if (number >= 0n) return Number(number & 0xffffn);
  }
  // It is not told the protocol: TCP's services come first.
  const named = names.servicePort(given, 'tcp') ?? names.servicePort(given, 'udp');
  if (named === undefined) throw new Problem(`Port "${given}" does not resolve to anything.\n`);
  return named;
}

/** XTTYPE_PORT. */
export const resolvedPort: ValueType<number> = {
  syntax: 'port',
  argument: 'required',
  parse: (given, { names }) => resolvePort(given, names),
  print: String,
};

/** XTTYPE_PORTRC: a port or a range of ports; one that is written backwards is taken, and holds no port. */
export const resolvedPorts: ValueType<Range> = {
  syntax: 'port[:port]',
  argument: 'required',
  parse(given, context) {
    const [low = '', high, ...more] = given.split(':');
    const min = low === '' ? 0 : resolvePort(low, context.names);
    if (high === undefined) return { min, max: min };
    const max = high === '' ? 65535 : resolvePort(high, context.names);
    if (more.length > 0) throw tooMany(context);
    return { min, max };
  },
  print: ({ min, max }) => (min === max ? String(min) : `${min}:${max}`),
};

/** `1:1023`, `1024:`, `:80`, `ssh`; the reversed range is refused (tcp does, udp does not: see udp.ts). */
function rangeType(protocol: string): ValueType<Range> {
  return {
    syntax: 'port[:port]',
    argument: 'required',
    parse(given, { names }) {
      const colon = given.indexOf(':');
      if (colon < 0) {
        const port = parsePort(given, protocol, names);
        return { min: port, max: port };
      }
      const low = given.slice(0, colon);
      const high = given.slice(colon + 1);
      const min = low === '' ? 0 : parsePort(low, protocol, names);
      const max = high === '' ? 65535 : parsePort(high, protocol, names);
      if (min > max) throw new Problem('invalid portrange (min > max)');
      return { min, max };
    },
    print: ({ min, max }) => (min === max ? String(min) : `${min}:${max}`),
  };
}

interface PortOption {
  readonly aliases: readonly string[];
  readonly saveAs: string;
  readonly help: string;
}

/** All ports, which the real tool does not print. */
export const isAllPorts = ({ min, max }: Range): boolean => min === 0 && max === 65535;

/** An option for a port or a range of ports of TCP, in the older style (`Only one …  allowed`). */
export function portRange(field: FieldName, rest: PortOption): Option<Range> & { multiple?: false } {
  const name = rest.saveAs === 'sport' ? 'source-port' : 'destination-port';
  return {
    ...rest,
    type: rangeType(field.slice(0, field.indexOf('.'))),
    invert: true,
    repeated: `Only one \`--${name}' allowed`,
    omit: ({ value }) => isAllPorts(value),
    test: ({ value: { min, max }, inverted }) => ({ field, ranges: [[min, max]], inverted }),
  };
}

/** ` dpt:22`, ` spts:!1:1023` as tcp and udp list them; nothing for all ports. */
export function listPorts(name: string, given: Given<Range> | undefined, context: PrintContext): string {
  if (!given) return '';
  const { min, max } = given.value;
  const not = given.inverted ? '!' : '';
  if (isAllPorts(given.value) && !given.inverted) return '';
  const port = (number: number) => listPort(number, context);
  return min === max ? ` ${name}:${not}${port(min)}` : ` ${name}s:${not}${port(min)}:${port(max)}`;
}

/** A port as `-L` shows it: the service's name without `-n`. */
export function listPort(port: number, { numeric, names, protocol }: PrintContext): string {
  if (numeric) return String(port);
  return names.serviceName(port, names.protocolName(protocol)) ?? String(port);
}
