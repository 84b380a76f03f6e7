import type { Names } from './names.ts';
import type { Rule } from './rule.ts';
import {
  oneOption,
  printContext,
  saveAddress,
  saveFragment,
  saveInterface,
  saveOptions,
  saveProtocol,
} from './text.ts';

/** A test of a rule. */
export interface RuleTest {
  /** As `-S` prints it: `-s 10.0.0.0/8`, `-m tcp --dport 22`. */
  readonly text: string;
  /** The match that it belongs to, `-m tcp`; undefined for the header's. */
  readonly match: string | undefined;
}

/** The tests of a rule in the order in which a packet meets them. A match that weighs its options together is one. */
export function ruleTests(rule: Rule, names: Names): RuleTest[] {
  const { header } = rule;
  const tests = [
    saveAddress('s', header.source, header.sourceMask, header.sourceInverted),
    saveAddress('d', header.destination, header.destinationMask, header.destinationInverted),
    saveInterface('i', header.inInterface),
    saveInterface('o', header.outInterface),
    saveProtocol(header, names),
    saveFragment(header),
  ]
    .filter((text) => text !== '')
    .map((text): RuleTest => ({ text: text.trim(), match: undefined }));
  const context = printContext(rule, names, true);
  for (const { extension, values } of rule.matches) {
    const match = `-m ${extension.name}`;
    const options = extension.tests
      ? []
      : (extension.testOrder ?? Object.keys(extension.options)).filter(
          (key) => values[key] !== undefined && extension.options[key]?.test,
        );
    if (options.length === 0) {
      // A comment tests nothing.
      const hasTest = extension.tests !== undefined || extension.requires !== undefined;
      if (hasTest) tests.push({ text: `${match}${saveOptions(extension, values, context)}`, match });
      continue;
    }
    for (const key of options)
      tests.push({ text: `${match}${oneOption(extension, values, key, context)}`, match });
  }
  return tests;
}
