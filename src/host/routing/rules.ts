import { typeError } from './route4.ts';

/** What a policy rule does (FR_ACT_*). */
export type RuleAction = 'table' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit';

/** A policy rule (`ip rule`). Addresses are words: one for IPv4, four for IPv6. */
export interface PolicyRule {
  readonly priority: number;
  readonly action: RuleAction;
  readonly table: number;
  /** Priority that `goto` leads to. */
  readonly target: number;
  readonly source: Int32Array;
  readonly sourceLength: number;
  readonly destination: Int32Array;
  readonly destinationLength: number;
  readonly inverted: boolean;
  /** '' for any. */
  readonly inInterface: string;
  readonly outInterface: string;
  readonly tos: number;
  readonly mark: number;
  readonly markMask: number;
  /** 0 for any. */
  readonly protocol: number;
  /** Empty for any: [from, to]. */
  readonly sourcePorts: readonly number[];
  readonly destinationPorts: readonly number[];
  readonly uids: readonly number[];
  /** Routes of at most this prefix length do not count; -1: none. */
  readonly suppressPrefixLength: number;
  readonly realm: number;
  readonly protocolOfOrigin: number;
}

/** What the rules look at; both families' flows have it. */
export interface RuleFlow {
  readonly mark: number;
  readonly tos: number;
  readonly inDevice: number;
  readonly outDevice: number;
  readonly protocol: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly uid: number;
}

/** A rule with what is left out filled in. */
export function policyRule(
  words: 1 | 4,
  given: Partial<PolicyRule> & Pick<PolicyRule, 'priority'>,
): PolicyRule {
  return {
    action: 'table',
    table: 254,
    target: 0,
    source: new Int32Array(words),
    sourceLength: 0,
    destination: new Int32Array(words),
    destinationLength: 0,
    inverted: false,
    inInterface: '',
    outInterface: '',
    tos: 0,
    mark: 0,
    markMask: 0,
    protocol: 0,
    sourcePorts: [],
    destinationPorts: [],
    uids: [],
    suppressPrefixLength: -1,
    realm: 0,
    protocolOfOrigin: 3,
    ...given,
  };
}

/** The policy rules of one family, by priority (net/core/fib_rules.c). */
export class PolicyRules {
  #rules: PolicyRule[];
  /** A rule beside the three that every host begins with was there (fib4_has_custom_rules). */
  custom = false;
  /** Grows with every change. */
  generation = 0;
  #withRealm = 0;
  readonly #nameOf: (index: number) => string;

  constructor(words: 1 | 4, nameOf: (index: number) => string) {
    this.#nameOf = nameOf;
    const kernel = { protocolOfOrigin: 2 };
    this.#rules = [
      policyRule(words, { priority: 0, table: 255, ...kernel }),
      policyRule(words, { priority: 32766, table: 254, ...kernel }),
    ];
    // IPv6 has no table default.
    if (words === 1) this.#rules.push(policyRule(words, { priority: 32767, table: 253, ...kernel }));
  }

  /** A rule has a realm. */
  get usesRealms(): boolean {
    return this.#withRealm > 0;
  }

  list(): readonly PolicyRule[] {
    return this.#rules;
  }

  /** Priority of a rule that is added without one: just before the first that has one above 0 (fib_default_rule_pref). */
  get nextPriority(): number {
    const second = this.#rules[1];
    return second && second.priority > 0 ? second.priority - 1 : 0;
  }

  /** Behind those of the same priority. */
  add(rule: PolicyRule): void {
    this.generation++;
    if (rule.realm !== 0) this.#withRealm++;
    const at = this.#rules.findIndex((other) => other.priority > rule.priority);
    this.#rules =
      at < 0 ? [...this.#rules, rule] : [...this.#rules.slice(0, at), rule, ...this.#rules.slice(at)];
    this.custom = true;
  }

  remove(rule: PolicyRule): void {
    this.generation++;
    if (rule.realm !== 0) this.#withRealm--;
    this.#rules = this.#rules.filter((other) => other !== rule);
    this.custom = true;
  }

  /** Does a rule fit? `source` and `destination` are words in the rule's form. */
  fits(rule: PolicyRule, flow: RuleFlow, source: Int32Array, destination: Int32Array): boolean {
    return this.#all(rule, flow, source, destination) !== rule.inverted;
  }

  #all(rule: PolicyRule, flow: RuleFlow, source: Int32Array, destination: Int32Array): boolean {
    if (rule.inInterface !== '' && this.#nameOf(flow.inDevice) !== rule.inInterface) return false;
    if (rule.outInterface !== '' && this.#nameOf(flow.outDevice) !== rule.outInterface) return false;
    if (((rule.mark ^ flow.mark) & rule.markMask) !== 0) return false;
    if (!prefixFits(rule.source, rule.sourceLength, source)) return false;
    if (!prefixFits(rule.destination, rule.destinationLength, destination)) return false;
    if (rule.tos !== 0 && rule.tos !== (flow.tos & 0xfc)) return false;
    if (rule.protocol !== 0 && rule.protocol !== flow.protocol) return false;
    return (
      inRange(rule.sourcePorts, flow.sourcePort) &&
      inRange(rule.destinationPorts, flow.destinationPort) &&
      inRange(rule.uids, flow.uid)
    );
  }

  /**
   * Asks the tables of the rules that fit, in order. `ask` answers 0 for a route, -EAGAIN if the table has none, or the
   * error of the route it found. -ESRCH if no rule led to anything (fib_rules_lookup).
   */
  lookup(
    flow: RuleFlow,
    source: Int32Array,
    destination: Int32Array,
    ask: (rule: PolicyRule) => number,
  ): number {
    const rules = this.#rules;
    for (let i = 0; i < rules.length; ) {
      const rule = rules[i++]!;
      if (!this.fits(rule, flow, source, destination)) continue;
      if (rule.action === 'goto') {
        const at = rules.findIndex((other) => other.priority === rule.target);
        if (at >= i) i = at;
        continue;
      }
      if (rule.action === 'nop') continue;
      if (rule.action !== 'table') return RULE_ERRORS[rule.action];
      const answer = ask(rule);
      if (answer !== typeError(9)) return answer;
    }
    return -3;
  }
}

/** net/ipv4/fib_rules.c fib4_rule_action */
const RULE_ERRORS = { blackhole: -22, unreachable: -101, prohibit: -13 } as const;

function inRange(range: readonly number[], value: number): boolean {
  return range.length === 0 || (value >= range[0]! && value <= range[1]!);
}

function prefixFits(wanted: Int32Array, length: number, address: Int32Array): boolean {
  let left = length;
  for (let i = 0; left > 0; i++, left -= 32) {
    const mask = left >= 32 ? -1 : -1 << (32 - left);
    if (((wanted[i]! ^ address[i]!) & mask) !== 0) return false;
  }
  return true;
}
