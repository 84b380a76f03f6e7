import type { Sets } from '../../ipset/sets.ts';
import type { Family } from '../../netfilter/constants.ts';
import type { Extension } from '../../xtables/extension.ts';
import type { Names } from '../../xtables/names.ts';
import { Problem } from '../../xtables/problem.ts';
import type { Output } from './output.ts';

/** What the commands call themselves. */
export const VERSION = '1.8.9 (legacy)';
/** Longest name of a chain or a target plus one (XT_EXTENSION_MAXNAMELEN). */
export const MAX_NAME = 29;
/** The library's name for plain verdicts and jumps: a target by name, though nothing can lead to it. */
export const STANDARD = 'standard';

/** What the words of a command are read with. */
export interface Reader {
  readonly family: Family;
  readonly names: Names;
  /** The host's sets of `ipset`. */
  readonly sets: Sets;
  readonly output: Output;
  /** Name of the program, for messages: `iptables`, `iptables-restore`. */
  readonly program: string;
  /** A line of iptables-restore. */
  readonly restoring: boolean;
  /** Extensions that earlier lines of the same process have loaded. */
  readonly loaded: Set<Extension>;
  /** In iptables-restore: there is a chain of this name, which then goes before a target of the same name. */
  readonly isChain?: (name: string) => boolean;
}

/** A chain's name that is too long. */
export function tooLong(name: string): Problem {
  return new Problem(`chain name \`${name}' too long (must be under ${MAX_NAME} chars)`);
}
