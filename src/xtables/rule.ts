import type { Family } from '../netfilter/constants.ts';
import { type Address, ANY, isZero, sameAddress } from './address.ts';
import type { AnyValues, Match, Target } from './extension.ts';

/** An interface as a rule names it. */
export interface InterfaceName {
  /** As written, with its `+`; '' for any. */
  readonly text: string;
  readonly inverted: boolean;
}

/** What a rule asks of the IP header and the interfaces: the kernel's struct ipt_ip and ip6t_ip6. */
export interface Header {
  readonly source: Address;
  readonly sourceMask: Address;
  readonly sourceInverted: boolean;
  readonly destination: Address;
  readonly destinationMask: Address;
  readonly destinationInverted: boolean;
  readonly inInterface: InterfaceName;
  readonly outInterface: InterfaceName;
  /** `-p` was given (IPv6 then looks for the header even if it is `all`). */
  readonly hasProtocol: boolean;
  readonly protocol: number;
  readonly protocolInverted: boolean;
  /** `-f`, IPv4 only. */
  readonly fragment: boolean;
  readonly fragmentInverted: boolean;
}

const ANY_INTERFACE: InterfaceName = { text: '', inverted: false };

function anyHeader(family: Family): Header {
  return {
    source: ANY[family],
    sourceMask: ANY[family],
    sourceInverted: false,
    destination: ANY[family],
    destinationMask: ANY[family],
    destinationInverted: false,
    inInterface: ANY_INTERFACE,
    outInterface: ANY_INTERFACE,
    hasProtocol: false,
    protocol: 0,
    protocolInverted: false,
    fragment: false,
    fragmentInverted: false,
  };
}

/** The header of a rule that asks nothing. */
export const ANY_HEADER: { readonly 4: Header; readonly 6: Header } = { 4: anyHeader(4), 6: anyHeader(6) };

/** A match with the values it was given. */
export interface MatchUse {
  readonly extension: Match;
  readonly values: AnyValues;
}

/** Where a rule leads: nowhere (the next rule), to a chain, or to a target. */
export type Action =
  | { readonly kind: 'none' }
  | { readonly kind: 'chain'; readonly chain: string; readonly goto: boolean }
  | { readonly kind: 'target'; readonly extension: Target; readonly values: AnyValues };

/** A rule as it was declared. Never changed; a change makes a new one. */
export interface Rule {
  readonly family: Family;
  readonly header: Header;
  readonly matches: readonly MatchUse[];
  readonly action: Action;
}

/** The rule as the kernel takes it: see {@link Extension.taken}. Mostly the same object. */
export function takenRule(rule: Rule): Rule {
  if (!rule.matches.some(({ extension }) => extension.taken)) return rule;
  const matches = rule.matches.map((use) => ({
    ...use,
    values: use.extension.taken?.(use.values as never) ?? use.values,
  }));
  return { ...rule, matches };
}

/** Nothing is asked of the packet (the kernel's unconditional()): TRACE and loop detection look at it. */
export function isUnconditional(rule: Rule): boolean {
  if (rule.matches.length > 0) return false;
  if (rule.action.kind === 'chain' && rule.action.goto) return false;
  const header = rule.header;
  return header === ANY_HEADER[rule.family] || asksNothing(header);
}

function asksNothing(header: Header): boolean {
  return (
    !header.hasProtocol &&
    header.protocol === 0 &&
    isZero(header.source) &&
    isZero(header.sourceMask) &&
    isZero(header.destination) &&
    isZero(header.destinationMask) &&
    header.inInterface.text === '' &&
    header.outInterface.text === '' &&
    !header.fragment &&
    !header.sourceInverted &&
    !header.destinationInverted &&
    !header.inInterface.inverted &&
    !header.outInterface.inverted &&
    !header.protocolInverted &&
    !header.fragmentInverted
  );
}

/** An unconditional plain verdict: nothing behind it in its chain is ever asked. */
export function isFinal(rule: Rule): boolean {
  return (
    rule.action.kind === 'target' && rule.action.extension.verdict !== undefined && isUnconditional(rule)
  );
}

/** Two rules ask and do the same, as `-C` and `-D` compare them. */
export function sameRule(a: Rule, b: Rule): boolean {
  if (!sameHeader(a.header, b.header) || a.matches.length !== b.matches.length) return false;
  for (let i = 0; i < a.matches.length; i++) {
    const one = a.matches[i]!;
    const other = b.matches[i]!;
    if (one.extension !== other.extension || !sameValue(one.values, other.values)) return false;
  }
  return sameAction(a.action, b.action);
}

function sameAction(a: Action, b: Action): boolean {
  if (a.kind === 'chain') return b.kind === 'chain' && a.chain === b.chain && a.goto === b.goto;
  if (a.kind === 'target') {
    return b.kind === 'target' && a.extension === b.extension && sameValue(a.values, b.values);
  }
  return b.kind === 'none';
}

function sameInterface(a: InterfaceName, b: InterfaceName): boolean {
  return a.text === b.text && a.inverted === b.inverted;
}

function sameHeader(a: Header, b: Header): boolean {
  return (
    a.protocol === b.protocol &&
    a.hasProtocol === b.hasProtocol &&
    a.protocolInverted === b.protocolInverted &&
    sameAddress(a.source, b.source) &&
    sameAddress(a.sourceMask, b.sourceMask) &&
    a.sourceInverted === b.sourceInverted &&
    sameAddress(a.destination, b.destination) &&
    sameAddress(a.destinationMask, b.destinationMask) &&
    a.destinationInverted === b.destinationInverted &&
    sameInterface(a.inInterface, b.inInterface) &&
    sameInterface(a.outInterface, b.outInterface) &&
    a.fragment === b.fragment &&
    a.fragmentInverted === b.fragmentInverted
  );
}

/** Deep equality of plain data; the place on the command line (`order`) does not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || Array.isArray(a)) {
    const one = a as ArrayLike<unknown>;
    const other = b as ArrayLike<unknown>;
    if (one.length !== other.length) return false;
    for (let i = 0; i < one.length; i++) if (!sameValue(one[i], other[i])) return false;
    return true;
  }
  const one = a as Record<string, unknown>;
  const other = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (key !== 'order' && !sameValue(one[key], other[key])) return false;
  }
  return true;
}
