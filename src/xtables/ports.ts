import type { Given, Option, PrintContext, ValueType } from './extension.ts';
import type { FieldName } from './fields.ts';
import type { Names } from './names.ts';
import { Problem } from './problem.ts';
import { type Range, unsigned } from './values.ts';

/** A port number or the name of a service: `xtables_parse_port`. */
export function parsePort(given: string, protocol: string | undefined, names: Names): number {
  const number = unsigned(given, 0, 65535) ?? names.servicePort(given, protocol);
  if (number === undefined) throw new Problem(`invalid port/service \`${given}' specified`);
  return number;
}

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
