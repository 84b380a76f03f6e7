import { type Address, formatAddress, formatMask, isZero } from './address.ts';
import type { AnyValues, Extension, Given, Option, PrintContext } from './extension.ts';
import type { Names } from './names.ts';
import type { Action, Header, InterfaceName, Rule } from './rule.ts';

/** What extensions need to print their part of a rule. */
export function printContext(
  rule: Rule,
  names: Names,
  numeric: boolean,
  warn?: PrintContext['warn'],
): PrintContext {
  return {
    family: rule.family,
    protocol: rule.header.protocol,
    protocolInverted: rule.header.protocolInverted,
    names,
    numeric,
    ...(warn && { warn }),
  };
}

/** ` ! --name value` */
function optionText(
  key: string,
  option: Option<unknown>,
  given: Given<unknown>,
  context: PrintContext,
): string {
  const value = option.type.argument === 'none' ? '' : ` ${option.type.print(given.value, context)}`;
  return `${given.inverted ? ' !' : ''} --${option.saveAs ?? key}${value}`;
}

/** The options of an extension as `-S` prints them, with a blank in front. */
export function saveOptions(extension: Extension, values: AnyValues, context: PrintContext): string {
  if (extension.save) return extension.save(values as never, context);
  let text = '';
  for (const [key, option] of extension.optionList) {
    const given = values[key];
    if (given === undefined) continue;
    for (const one of (Array.isArray(given) ? given : [given]) as readonly Given<unknown>[]) {
      if (!option.omit?.(one)) text += optionText(key, option, one, context);
    }
  }
  return text;
}

/** The text of `-L` in its last column, with a blank in front. */
export function listOptions(extension: Extension, values: AnyValues, context: PrintContext): string {
  if (extension.list) return extension.list(values as never, context);
  if (extension.optionList.length === 0) return '';
  return ` ${extension.name}${saveOptions(extension, values, context)}`;
}

/** One option of an extension with its value, for explanations: `--dport 443`. */
export function oneOption(
  extension: Extension,
  values: AnyValues,
  key: string,
  context: PrintContext,
): string {
  const given = values[key];
  const option = extension.options[key];
  if (given === undefined || option === undefined) return '';
  const list = (Array.isArray(given) ? given : [given]) as readonly Given<unknown>[];
  return list.map((one) => optionText(key, option, one, context)).join('');
}

export function saveAddress(letter: string, address: Address, mask: Address, inverted: boolean): string {
  if (isZero(address) && isZero(mask) && !inverted) return '';
  const bits = formatMask(mask) || `/${mask.length * 32}`;
  return `${inverted ? ' !' : ''} -${letter} ${formatAddress(address)}${bits}`;
}

/** Nothing for `+`, with or without inversion: the real tool loses it. */
export function saveInterface(letter: string, { text, inverted }: InterfaceName): string {
  return text === '' || text === '+' ? '' : `${inverted ? ' !' : ''} -${letter} ${text}`;
}

/** Name of a protocol, or its number. */
export function protocolText(protocol: number, names: Names): string {
  return names.protocolName(protocol) ?? String(protocol);
}

export function saveProtocol(header: Header, names: Names): string {
  if (header.protocol === 0) return '';
  return `${header.protocolInverted ? ' !' : ''} -p ${protocolText(header.protocol, names)}`;
}

export function saveFragment(header: Header): string {
  return header.fragment ? `${header.fragmentInverted ? ' !' : ''} -f` : '';
}

function saveHeader(header: Header, names: Names): string {
  return (
    saveAddress('s', header.source, header.sourceMask, header.sourceInverted) +
    saveAddress('d', header.destination, header.destinationMask, header.destinationInverted) +
    saveInterface('i', header.inInterface) +
    saveInterface('o', header.outInterface) +
    saveProtocol(header, names) +
    saveFragment(header)
  );
}

function saveAction(action: Action, context: PrintContext): string {
  if (action.kind === 'none') return '';
  if (action.kind === 'chain') return ` -${action.goto ? 'g' : 'j'} ${action.chain}`;
  return ` -j ${action.extension.name}${saveOptions(action.extension, action.values, context)}`;
}

/**
 * A rule as `-S` and -save print it, behind `-A CHAIN`, with a blank in front. `counters` (` -c 1 60`) stands before the
 * target.
 */
export function saveRule(rule: Rule, names: Names, counters = '', warn?: PrintContext['warn']): string {
  const context = printContext(rule, names, true, warn);
  let matches = '';
  for (const { extension, values } of rule.matches) {
    matches += ` -m ${extension.name}${saveOptions(extension, values, context)}`;
  }
  return saveHeader(rule.header, names) + matches + counters + saveAction(rule.action, context);
}
