import type { Family } from '../../netfilter/constants.ts';
import { type Address, formatAddress, formatMask, isZero } from '../../xtables/address.ts';
import type { Chain } from '../../xtables/image.ts';
import type { Names } from '../../xtables/names.ts';
import { builtInProtocolName } from '../../xtables/protocols.ts';
import type { Header, InterfaceName, Rule } from '../../xtables/rule.ts';
import type { Count } from '../../xtables/table.ts';
import { listOptions, printContext, protocolText } from '../../xtables/text.ts';

/** How a listing is to look. */
export interface ListFormat {
  readonly numeric: boolean;
  readonly counters: boolean;
  readonly interfaces: boolean;
  /** Counters are shortened (`12K`). */
  readonly short: boolean;
  readonly lineNumbers: boolean;
  /** Columns are aligned; -v with -A writes a single line that is not. */
  readonly table: boolean;
}

/** What `-v -A …` prints of a rule. */
export const ONE_LINE: ListFormat = {
  numeric: true,
  counters: false,
  interfaces: true,
  short: false,
  lineNumbers: false,
  table: false,
};

/** A counter in its column: `  12 `, `1234K ` (xtables_print_num). */
function number(value: bigint, short: boolean, table: boolean): string {
  const column = (text: string, width: number) => `${table ? text.padStart(width) : text} `;
  if (!short) return column(String(value), 8);
  if (value <= 99999n) return column(String(value), 5);
  let rest = value;
  for (const unit of ['K', 'M', 'G']) {
    rest = BigInt.asUintN(64, rest + 500n) / 1000n;
    if (rest <= 9999n) return column(`${rest}${unit}`, 5);
  }
  return column(`${BigInt.asUintN(64, rest + 500n) / 1000n}T`, 5);
}

/** The two lines above the rules of a chain. */
export function listHeader(chain: Chain, count: Count, references: number, format: ListFormat): string {
  let text = `Chain ${chain.name} (`;
  if (chain.hook === undefined) {
    text += `${references} references)\n`;
  } else {
    text += `policy ${chain.policy}`;
    if (format.counters) {
      const { short } = format;
      text += ` ${number(count.packets, short, false)}packets, ${number(count.bytes, short, false)}bytes`;
    }
    text += ')\n';
  }
  if (format.lineNumbers) text += 'num  ';
  if (format.counters) text += format.short ? ' pkts bytes ' : '    pkts      bytes ';
  text += 'target     prot opt';
  if (format.interfaces) text += ' in     out    ';
  return `${text} source               destination         \n`;
}

/** A rule as a line of `-L`, without the end of line. */
export function listRule(
  rule: Rule,
  line: number,
  count: Count,
  names: Names,
  format: ListFormat,
  warn: (line: string) => void,
): string {
  const { header, action } = rule;
  const { table, numeric } = format;
  const pad = (text: string, width: number) => (table ? text.padEnd(width) : text);
  let text = format.lineNumbers ? `${pad(String(line), 4)} ` : '';
  if (format.counters) {
    text += number(count.packets, format.short, table) + number(count.bytes, format.short, table);
  }
  const target =
    action.kind === 'none'
      ? ''
      : action.kind === 'chain'
        ? action.chain
        : (action.extension.kernelName ?? action.extension.name);
  text += `${pad(target, 9)} `;
  text += header.protocolInverted ? '!' : ' ';
  const protocol = listProtocol(header.protocol, names, format);
  text += `${pad(protocol, 4)} `;
  text += table ? '' : 'opt ';
  text += `${header.fragmentInverted ? '!' : '-'}${header.fragment ? 'f' : '-'} `;
  if (format.interfaces) {
    text += table
      ? ` ${listInterface(header.inInterface, numeric).padEnd(6)} ${listInterface(header.outInterface, numeric).padEnd(6)} `
      : `in ${listInterface(header.inInterface, numeric)} out ${listInterface(header.outInterface, numeric)} `;
  }
  text += listAddresses(header, rule.family, names, format);
  if (!table) text += '  ';
  if (action.kind === 'chain' && action.goto) text += '[goto] ';
  const context = printContext(rule, names, numeric, warn);
  for (const { extension, values } of rule.matches) text += listOptions(extension, values, context);
  if (action.kind === 'target') text += listOptions(action.extension, action.values, context);
  return text;
}

function listProtocol(protocol: number, names: Names, { numeric, table }: ListFormat): string {
  if (numeric && table) return String(protocol);
  if (protocol === 0) return 'all';
  return numeric ? (builtInProtocolName(protocol) ?? String(protocol)) : protocolText(protocol, names);
}

function listInterface({ text, inverted }: InterfaceName, numeric: boolean): string {
  return `${inverted ? '!' : ''}${text || (numeric ? '*' : 'any')}`;
}

function listAddresses(header: Header, family: Family, names: Names, { numeric, table }: ListFormat): string {
  const source = listAddress(header.source, header.sourceMask, family, names, numeric);
  const destination = listAddress(header.destination, header.destinationMask, family, names, numeric);
  return (
    `${header.sourceInverted ? '!' : ' '}${table ? source.padEnd(19) : source} ` +
    `${header.destinationInverted ? '!' : ' '}${table ? `${destination.padEnd(19)} ` : `-> ${destination}`}`
  );
}

function listAddress(
  address: Address,
  mask: Address,
  family: Family,
  names: Names,
  numeric: boolean,
): string {
  // ip6tables looks at the address, iptables at the mask.
  if (isZero(family === 4 ? mask : address) && !numeric) return 'anywhere';
  let text: string | undefined;
  if (!numeric) text = names.hostName(address) ?? (family === 4 ? names.networkName(address) : undefined);
  return `${text ?? formatAddress(address)}${formatMask(mask)}`;
}
