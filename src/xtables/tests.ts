import type { Packet } from '../netfilter/packet.ts';
import type { AnyValues, Environment, FieldTest, FunctionTest, Given, Match, Test } from './extension.ts';
import { ABSENT, FIELDS, type Field, type FieldName } from './fields.ts';
import type { Place } from './place.ts';

/** All tests that a match makes with these values. */
export function testsOf(match: Match, values: AnyValues, environment: Environment): readonly Test[] {
  const tests: Test[] = [];
  if (match.requires) tests.push({ field: match.requires });
  if (match.tests) {
    tests.push(...match.tests(values as never, environment));
    return tests;
  }
  for (const key of match.testOrder ?? Object.keys(match.options)) {
    const option = match.options[key]!;
    const given = values[key];
    if (given === undefined || !option.test) continue;
    for (const one of (Array.isArray(given) ? given : [given]) as readonly Given<unknown>[]) {
      tests.push({ ...option.test(one, environment.family), option: key });
    }
  }
  return tests;
}

export function isFieldTest(test: Test): test is FieldTest {
  return 'field' in test;
}

/** The fields of a test in order. */
function fieldNames(test: FieldTest): readonly FieldName[] {
  return typeof test.field === 'string' ? [test.field] : test.field;
}

/** Whether a test holds; the meaning of {@link FieldTest}, which the compiled form must agree with. */
export function holds(test: Test, packet: Packet, place: Place): boolean {
  if (!isFieldTest(test)) return test.run(packet, place);
  let found = false;
  for (const name of fieldNames(test)) {
    const value = FIELDS[name].read(packet, place);
    if (value < 0) {
      if (value !== ABSENT) place.drop = true;
      return false;
    }
    const counted = test.mask === undefined ? value : (value & test.mask) >>> 0;
    if (!test.ranges || test.ranges.some(([min, max]) => counted >= min && counted <= max)) found = true;
  }
  return found !== (test.inverted ?? false);
}

/** What the packet has where a test failed, in the command line's words. */
export function explain(test: FieldTest | FunctionTest, packet: Packet, place: Place): string {
  if (!isFieldTest(test)) return test.explain(packet, place);
  const texts = fieldNames(test).map((name) => {
    const field: Field = FIELDS[name];
    const value = field.read(packet, place);
    if (value === ABSENT) return field.absent?.(packet, place) ?? `no ${field.about}`;
    if (value < 0) return `${field.about} cut off: the packet is dropped`;
    return field.print?.(value, place.family) ?? String(value);
  });
  return texts.join(' and ');
}
