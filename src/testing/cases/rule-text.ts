import type { Host } from '../../host/host.ts';
import type { Rule } from '../../xtables/rule.ts';
import { saveRule } from '../../xtables/text.ts';

/** A rule as `iptables -S` prints it. */
export function ruleText(host: Host, chain: string, rule: Rule): string {
  return `-A ${chain}${saveRule(rule, host.xtables.names)}`;
}
