import type { Sets, Slot } from '../ipset/sets.ts';
import type { ParseContext, RuleContext, ValueType } from './extension.ts';
import { Problem } from './problem.ts';

const MOST_NAME = 31;
const MOST_DIRECTIONS = 6;

/** A set and which addresses of the packet are asked about: `name src,dst`. */
export interface SetReference {
  readonly name: string;
  readonly source: readonly boolean[];
}

/** Sets are looked up while the rule is read, as the real tool does. */
function check(name: string, { family, sets }: RuleContext): void {
  if (name.length > MOST_NAME) throw new Problem(`setname \`${name}' too long, max ${MOST_NAME} characters.`);
  const slot = sets?.find(name);
  if (!slot) throw new Problem(`Set ${name} doesn't exist.\n`);
  const has = slot.set.settings.family;
  if (has === 0 || has === family) return;
  const word = has === 4 ? 'IPv4' : 'IPv6';
  throw new Problem(`The protocol family of set ${name} is ${word}, which is not applicable.\n`);
}

/** One `src` or `dst` for each part; what follows those letters is not looked at, empty words are none but the first. */
function directions(text: string): readonly boolean[] {
  const words = text.split(',');
  const given = words.filter((word, index) => word !== '' || index === 0);
  return given.map((word, index) => {
    if (index >= MOST_DIRECTIONS) throw new Problem(`Can't be more src/dst options than ${MOST_DIRECTIONS}.`);
    if (word.startsWith('src')) return true;
    if (word.startsWith('dst')) return false;
    throw new Problem("You must spefify (the comma separated list of) 'src' or 'dst'.");
  });
}

/** `missing` is the real tool's message where the directions are missing. */
export function setReference(missing: (context: ParseContext) => string): ValueType<SetReference> {
  return {
    syntax: 'name flags',
    argument: 'required',
    examples: [
      ['web', 'src'],
      ['web6', 'dst,src'],
    ],
    parse(name, context) {
      const next = context.peek();
      if (next === undefined || next.startsWith('-') || next.startsWith('!'))
        throw new Problem(missing(context));
      check(name, context);
      return { name, source: directions(context.take() ?? '') };
    },
    print: ({ name, source }) => `${name} ${source.map((one) => (one ? 'src' : 'dst')).join(',')}`,
  };
}

/** The set of a rule while the rule is there. */
export function useSet(sets: Sets, name: string, onDestroy: (run: () => void) => void): Slot | undefined {
  const slot = sets.find(name);
  if (!slot) return undefined;
  slot.references++;
  onDestroy(() => {
    slot.references--;
  });
  return slot;
}
