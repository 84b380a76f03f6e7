import type { Host } from '../../host/host.ts';
import { Entry, IpSet, type Key } from '../../ipset/set.ts';
import { Sets, type Slot } from '../../ipset/sets.ts';
import { setType } from '../../ipset/types.ts';
import type { CommandResult } from '../command.ts';
import { parseElement } from './elements.ts';
import { parseExtras, parseSettings } from './options.ts';
import { type Format, printSets } from './output.ts';
import { IpsetProblem, misuse, refused, syntax } from './problem.ts';

const PROGRAM = 'ipset v7.17: ';
const MOST_NAME = 31;
const NO_SET = 'The set with the given name does not exist';

/** Names of the commands; the older letters, and how many names each must have. */
const COMMANDS: readonly (readonly [names: readonly string[], least: number, most: number])[] = [
  [['create', 'new', 'n', '-N', '--create', '--new'], 2, 99],
  [['add', 'a', '-A', '--add'], 2, 99],
  [['del', 'd', '-D', '--del', '--delete'], 2, 99],
  [['test', 't', '-T', '--test'], 2, 99],
  [['destroy', 'x', '-X', '--destroy'], 0, 1],
  [['list', 'l', '-L', '--list'], 0, 1],
  [['save', 's', '-S', '--save'], 0, 1],
  [['restore', 'r', '-R', '--restore'], 0, 0],
  [['flush', 'f', '-F', '--flush'], 0, 1],
  [['rename', 'e', '-E', '--rename'], 2, 2],
  [['swap', 'w', '-W', '--swap'], 2, 2],
  [['version', 'v', '-v', '-V', '--version'], 0, 0],
  [['help', 'h', '-h', '-H', '--help'], 0, 1],
];

/** What the command needs of a host. */
type Machine = Pick<Host, 'xtables' | 'timers' | 'services'>;

/** `ipset`: makes, changes and shows the host's sets, as ipset 7.17 does. */
export function ipset(machine: Machine, argv: readonly string[], stdin: string): CommandResult {
  return new Run(machine, stdin).start(argv.slice(1));
}

/** One call. */
class Run {
  readonly #host: Machine;
  readonly #sets: Sets;
  readonly #stdin: string;
  #stdout = '';
  #stderr = '';
  #exist = false;
  #quiet = false;
  #line = 0;

  constructor(host: Machine, stdin: string) {
    this.#host = host;
    this.#sets = host.xtables.shared(Sets);
    this.#stdin = stdin;
  }

  start(argv: readonly string[]): CommandResult {
    let exit = 0;
    try {
      exit = this.#run(argv);
    } catch (error) {
      if (!(error instanceof IpsetProblem)) throw error;
      const where = this.#line > 0 && error.exit === 1 ? `Error in line ${this.#line}: ` : '';
      if (!this.#quiet) this.#stderr += `${PROGRAM}${where}${error.message}\n`;
      exit = error.exit;
    }
    return { exit, stdout: this.#stdout, stderr: this.#stderr };
  }

  #run(argv: readonly string[]): number {
    const { words, format } = this.#globalOptions(argv);
    const word = words[0];
    if (word === undefined) throw misuse('No command specified.');
    const known = COMMANDS.find(([names]) => names.includes(word));
    if (!known) throw misuse(`No command specified: unknown argument ${word}`);
    const [[name], least, most] = known;
    const rest = words.slice(1);
    if (rest.length < least)
      throw misuse(`Missing ${rest.length === 0 ? '' : 'second '}mandatory argument to command ${name}`);
    if (rest.length > most) throw misuse(`Unknown argument ${rest[most]}`);
    if (this.#line > 0 && ['restore', 'help', 'version'].includes(name!))
      throw misuse(`Command \`${name}' is invalid in restore mode.`);
    return this.#do(name!, rest, format);
  }

  #globalOptions(argv: readonly string[]): { words: readonly string[]; format: Format } {
    const words: string[] = [];
    let kind: Format['kind'] = 'plain';
    let terse = false;
    let sorted = false;
    let namesOnly = false;
    for (let i = 0; i < argv.length; i++) {
      const word = argv[i]!;
      if (['-exist', '-!', '--exist'].includes(word)) this.#exist = true;
      else if (['-q', '-quiet', '--quiet'].includes(word)) this.#quiet = true;
      else if (['-s', '-sorted', '--sorted'].includes(word)) sorted = true;
      else if (['-t', '-terse', '--terse'].includes(word)) terse = true;
      else if (['-n', '-name', '--name'].includes(word)) namesOnly = true;
      else if (['-r', '-resolve', '--resolve'].includes(word)) continue;
      else if (['-o', '-output', '--output'].includes(word)) {
        const mode = argv[++i];
        if (mode === undefined) throw misuse('Missing mandatory argument to option -o');
        if (mode !== 'plain' && mode !== 'save' && mode !== 'xml')
          throw syntax(`unknown output mode '${mode}'`);
        kind = mode;
      } else words.push(word);
    }
    return { words, format: { kind, terse, sorted, namesOnly } };
  }

  #do(name: string, words: readonly string[], format: Format): number {
    const first = words[0];
    switch (name) {
      case 'create':
        this.#create(words);
        return 0;
      case 'add':
      case 'del':
      case 'test':
        return this.#element(name, words);
      case 'destroy':
        this.#destroy(first);
        return 0;
      case 'flush':
        for (const slot of this.#chosen(first)) this.#sets.flush(slot);
        return 0;
      case 'list':
      case 'save': {
        const shown = name === 'save' ? { ...format, kind: 'save' as const } : format;
        const { names } = this.#host.xtables;
        this.#stdout += printSets(this.#chosen(first), shown, names, this.#now);
        return 0;
      }
      case 'rename':
      case 'swap':
        this.#exchange(name, first!, words[1]!);
        return 0;
      case 'restore':
        return this.#restore();
      case 'version':
        this.#stdout += 'ipset v7.17, protocol version: 7\n';
        return 0;
      default:
        this.#stdout += 'ipset v7.17\n\nUsage: ipset [options] COMMAND\n';
        return 0;
    }
  }

  get #now(): number {
    return this.#host.timers.now;
  }

  #slot(name: string): Slot {
    if (name.length > MOST_NAME) throw syntax(`setname '${name}' is longer than ${MOST_NAME} characters`);
    const slot = this.#sets.find(name);
    if (!slot) throw new IpsetProblem(NO_SET);
    return slot;
  }

  #chosen(name: string | undefined): readonly Slot[] {
    return name === undefined ? this.#sets.all : [this.#slot(name)];
  }

  #create([name, typeName, ...options]: readonly string[]): void {
    if (name!.length > MOST_NAME) throw syntax(`setname '${name}' is longer than ${MOST_NAME} characters`);
    const type = setType(typeName!);
    if (!type) throw syntax(`typename '${typeName}' is unknown`);
    const settings = parseSettings(type, options, this.#host.xtables.names);
    const seed = this.#host.services.random();
    const existing = this.#sets.find(name!);
    if (existing) {
      const same = (one: object) => JSON.stringify({ ...one, initval: 0 });
      if (this.#exist && existing.set.type === type && same(existing.set.settings) === same(settings)) return;
      throw new IpsetProblem('Set cannot be created: set with the same name already exists');
    }
    const initval = options.includes('initval') ? settings.initval : seed;
    this.#sets.add(name!, new IpSet(type, { ...settings, initval }, seed));
  }

  #destroy(name: string | undefined): void {
    const slots = this.#chosen(name);
    if (slots.some(({ references }) => references > 0))
      throw new IpsetProblem('Set cannot be destroyed: it is in use by a kernel component');
    for (const slot of slots) this.#sets.remove(slot);
  }

  #exchange(command: string, name: string, other: string): void {
    const one = this.#slot(name);
    if (other.length > MOST_NAME) throw syntax(`setname '${other}' is longer than ${MOST_NAME} characters`);
    const two = this.#sets.find(other);
    if (command === 'rename') {
      if (one.references > 0) throw new IpsetProblem('Set cannot be renamed: it is in use by another system');
      if (two) throw new IpsetProblem('Set cannot be renamed: a set with the new name already exists');
      one.name = other;
      return;
    }
    if (!two) throw new IpsetProblem('Sets cannot be swapped: the second set does not exist');
    if (one.set.type !== two.set.type || one.set.settings.family !== two.set.settings.family)
      throw new IpsetProblem('The sets cannot be swapped: their type does not match');
    [one.set, two.set] = [two.set, one.set];
  }

  #element(command: 'add' | 'del' | 'test', [name, text, ...more]: readonly string[]): number {
    const slot = this.#slot(name!);
    const { set } = slot;
    if (set.type.method === 'list') return this.#member(command, slot, text!, more);
    const { keys, text: shown } = parseElement(text!, set, this.#host.xtables.names, command);
    const extras = parseExtras(set, more, command);
    if (more.includes('wildcard')) for (const key of keys) key.wildcard = true;
    if (command === 'test') return this.#say(shown, name!, this.#has(set, keys[0]!, extras.nomatch ?? false));
    for (const key of keys) {
      if (command === 'add') {
        const error = set.add(key, extras, this.#exist, this.#now);
        if (error) throw refused(error);
      } else if (!set.remove(key, this.#now) && !this.#exist) throw refused('MISSING');
    }
    return 0;
  }

  #has(set: IpSet, key: Key, nomatch: boolean): boolean {
    const hosts = set.type.parts.includes('net') && isHost(set, key);
    const found = hosts ? set.find(key, this.#now) : set.exact(key, this.#now);
    if (!found) return false;
    if (set.type.method === 'bitmap' && key.mac && found.mac)
      return key.mac[0] === found.mac[0] && key.mac[1] === found.mac[1];
    return found.nomatch === nomatch;
  }

  #say(element: string, name: string, found: boolean): number {
    if (!this.#quiet)
      this.#stderr += found
        ? `Warning: ${element} is in set ${name}.\n`
        : `${element} is NOT in set ${name}.\n`;
    return found ? 0 : 1;
  }

  #member(command: 'add' | 'del' | 'test', slot: Slot, name: string, more: readonly string[]): number {
    const extras = parseExtras(slot.set, more, command);
    const { list } = slot.set;
    this.#sets.tidy(slot, this.#now);
    const near = extras.before ?? extras.after;
    const at = list.findIndex((entry) => (entry.slot as Slot).name === name);
    if (command === 'test') {
      const other = near === undefined ? -1 : list.findIndex((entry) => (entry.slot as Slot).name === near);
      const fits =
        near === undefined ? at >= 0 : at >= 0 && other === at + (extras.before === undefined ? -1 : 1);
      return this.#say(near === undefined ? name : `${name} after ${near}`, slot.name, fits);
    }
    const target = this.#sets.find(name);
    if (!target) throw refused('NAME');
    if (target.set.type.method === 'list') throw refused('LOOP');
    const place = near === undefined ? -1 : list.findIndex((entry) => (entry.slot as Slot).name === near);
    if (near !== undefined && (!this.#sets.find(near) || (place < 0 && command === 'add')))
      throw refused('REF_EXIST');
    if (command === 'del') {
      if (at < 0) {
        if (this.#exist) return 0;
        throw refused('MISSING');
      }
      if (near !== undefined && place !== at + (extras.before === undefined ? -1 : 1))
        throw refused('REF_EXIST');
      this.#sets.drop(slot.set, list[at]!);
      return 0;
    }
    if (at >= 0) {
      if (!this.#exist) throw refused('EXIST');
      slot.set.apply(list[at]!, extras, this.#now);
      return 0;
    }
    const entry = new Entry({ words: [], iface: '', physdev: false, wildcard: false, mac: undefined });
    entry.slot = target;
    target.references++;
    slot.set.apply(entry, extras, this.#now);
    const index = near === undefined ? list.length : extras.before === undefined ? place + 1 : place;
    list.splice(index, 0, entry);
    return 0;
  }

  #restore(): number {
    const exist = this.#exist;
    for (const [index, line] of this.#stdin.split('\n').entries()) {
      this.#line = index + 1;
      const text = line.trim();
      if (text === '' || text.startsWith('#') || text === 'COMMIT') continue;
      if (text === 'quit') break;
      this.#exist = exist;
      // What a test answers does not stop the rest.
      this.#run(splitWords(text));
    }
    return 0;
  }
}

function isHost(set: IpSet, key: Key): boolean {
  const wide = set.settings.family === 6 ? 4 : 1;
  let at = 0;
  for (const part of set.type.parts) {
    at += part === 'ip' || part === 'net' ? wide : part === 'mac' ? 2 : 1;
    if (part !== 'net') continue;
    if (key.words[at] !== set.bits) return false;
    at++;
  }
  return true;
}

function splitWords(line: string): readonly string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}
