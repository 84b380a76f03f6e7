import type { BitmapSet } from '../../ipset/bitmap.ts';
import type { Key } from '../../ipset/entry.ts';
import type { HashSet } from '../../ipset/hash.ts';
import type { ListSet, Neighbour } from '../../ipset/list.ts';
import { earlyError, keysOf, type PartValue } from '../../ipset/request.ts';
import type { Sets, Slot } from '../../ipset/sets.ts';
import type { Extras, SetError } from '../../ipset/settings.ts';
import type { Names } from '../../xtables/names.ts';
import { elementText, parseElement } from './elements.ts';
import { checkExtras, elementOptions, parseExtras, readOptions } from './options.ts';
import { IpsetProblem, refused, syntax } from './problem.ts';
import type { Given } from './words.ts';

const MOST_NAME = 31;
/** Elements that one deletion may pass that are not there. */
const MOST_MISSES = 1 << 22;

export type ChangeName = 'add' | 'del' | 'test';

/** A command about an element, read and ready to be sent. */
export interface Change {
  readonly command: ChangeName;
  readonly set: string;
  /** How the tool names the element. */
  readonly text: string;
  /** @returns why it failed; of a test also if the element is not there. @throws {IpsetProblem} */
  run(exist: boolean, now: number): SetError | undefined;
}

/** Reads the words of `add`, `del` and `test` behind the set. @throws {IpsetProblem} */
export function readChange(
  command: ChangeName,
  slot: Slot,
  [text, ...words]: readonly string[],
  sets: Sets,
  names: Names,
): Change {
  const { set, name } = slot;
  if (set.kind === 'list') {
    const member = readMember(text!);
    const given = readOptions(words, elementOptions(set.type, command));
    const where = neighbour(given) ?? member.where;
    const extras = parseExtras(given);
    const shown = where ? `${member.name} after ${where.name}` : member.name;
    return {
      command,
      set: name,
      text: shown,
      run: (exist, now) => changeList(command, set, member.name, where, extras, sets, exist, now),
    };
  }
  const values = parseElement(text!, set, names, command);
  const given = readOptions(words, elementOptions(set.type, command));
  const extras = parseExtras(given);
  const wildcard = given.has('wildcard');
  return {
    command,
    set: name,
    text: elementText(values, set, names),
    run: (exist, now) => changeSet(command, set, values, wildcard, extras, exist, now),
  };
}

function changeSet(
  command: ChangeName,
  set: HashSet | BitmapSet,
  values: readonly PartValue[],
  wildcard: boolean,
  extras: Extras,
  exist: boolean,
  now: number,
): SetError | undefined {
  const early = earlyError(set, values);
  if (early) return early;
  checkExtras(extras, set.settings);
  let misses = 0;
  for (const key of keysOf(set, values, wildcard, command === 'test')) {
    if (typeof key === 'string') return key;
    if (command === 'test') return has(set, key, extras.nomatch ?? false, now) ? undefined : 'MISSING';
    const error = command === 'add' ? set.add(key, extras, exist, now) : set.remove(key, now);
    if (error === undefined || (exist && error === 'EXIST')) continue;
    if (!exist || error !== 'MISSING') return error;
    if (++misses > MOST_MISSES)
      throw new IpsetProblem('more elements of the range are missing than are tried');
  }
  return undefined;
}

/** Single addresses fall into networks; networks are looked for as they are. */
function has(set: HashSet | BitmapSet, key: Key, nomatch: boolean, now: number): boolean {
  const isHost = set.kind === 'hash' && set.prefixes.every((prefix) => prefix.isHost(key.words));
  const found = isHost ? set.find(key, now) : set.exact(key, now);
  return found !== undefined && found.nomatch === nomatch;
}

function changeList(
  command: ChangeName,
  list: ListSet,
  name: string,
  where: Neighbour | undefined,
  extras: Extras,
  sets: Sets,
  exist: boolean,
  now: number,
): SetError | undefined {
  checkExtras(extras, list.settings);
  const slot = sets.find(name);
  if (!slot) return 'NAME';
  if (slot.set.kind === 'list') return 'LOOP';
  if (where && !sets.find(where.name)) return 'NAMEREF';
  if (command === 'test') return list.has(slot, where, now) ? undefined : 'MISSING';
  if (command === 'add') return list.add(slot, where, extras, exist, now);
  const error = list.remove(slot, where, now);
  return exist && error === 'MISSING' ? undefined : error;
}

/** A member may bring its neighbour along: `a,before,b`. */
function readMember(text: string): { readonly name: string; readonly where: Neighbour | undefined } {
  const words = text.split(',').filter((word) => word !== '');
  const [name = '', how, other] = text.includes(',') && words.length > 1 ? words : [text];
  if (how !== undefined && (words.length !== 3 || !['before', 'after'].includes(how)))
    throw new IpsetProblem('you must specify elements as setname,[before|after],setname');
  const where = how === undefined ? undefined : { name: setName(other!), before: how === 'before' };
  return { name: setName(name), where };
}

function neighbour(given: Given): Neighbour | undefined {
  const before = given.get('before');
  const after = given.get('after');
  if (before !== undefined && after !== undefined) throw syntax('after already specified');
  if (before !== undefined) return { name: setName(before), before: true };
  return after === undefined ? undefined : { name: setName(after), before: false };
}

/** A name of a set, if it is not too long. @throws {IpsetProblem} */
export function setName(name: string): string {
  if (name.length > MOST_NAME) throw syntax(`setname '${name}' is longer than ${MOST_NAME} characters`);
  return name;
}

/** What a test says, and whether the element is there. */
export function answer({ text, set }: Change, error: SetError | undefined): string {
  return error === undefined ? `Warning: ${text} is in set ${set}.\n` : `${text} is NOT in set ${set}.\n`;
}

/** @throws {IpsetProblem} if there is an error */
export function must(error: SetError | undefined): void {
  if (error) throw refused(error);
}
