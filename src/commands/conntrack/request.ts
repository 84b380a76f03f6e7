import type { Family } from '../../netfilter/constants.ts';
import type { Names } from '../../xtables/names.ts';
import { Getopt } from '../iptables/getopt.ts';
import { type CommandKey, checkOptions, LONG_OPTIONS, longName, SHORT_OPTIONS } from './options.ts';
import { failed, wrong } from './problem.ts';
import {
  checkProtocolOptions,
  findProtocol,
  type ProtocolOptions,
  type ProtocolValues,
  takeProtocolOption,
} from './protocols.ts';
import {
  decimalNumber,
  type GivenAddress,
  type MarkValue,
  readAddress,
  readEvents,
  readMark,
  readOutput,
  readStatus,
  type StatusValue,
  splitPort,
} from './values.ts';

export type TableName = 'conntrack' | 'expect' | 'dying' | 'unconfirmed';
const TABLES: readonly TableName[] = ['expect', 'conntrack', 'dying', 'unconfirmed'];
const COMMANDS = 'LIUDGEFAhVCS';

/** What a command line asks for. */
export interface Request {
  readonly command: CommandKey | undefined;
  readonly table: TableName;
  readonly options: ReadonlySet<string>;
  readonly family: Family | undefined;
  readonly protocol: ProtocolOptions | undefined;
  readonly values: ProtocolValues;
  /** By letter of the option. */
  readonly addresses: ReadonlyMap<string, GivenAddress>;
  readonly natPorts: ReadonlyMap<string, number>;
  /** Zones, by letter. */
  readonly zones: ReadonlyMap<string, number>;
  /** Seconds. */
  readonly timeout: number | undefined;
  readonly mark: MarkValue | undefined;
  readonly status: StatusValue;
  readonly output: ReadonlySet<string>;
  /** Kinds of events that were named; none: all. */
  readonly events: ReadonlySet<string>;
  readonly labels: readonly number[];
  /** Labels to add or take away; undefined: all, of --label-del. */
  readonly changedLabels: readonly number[] | undefined;
}

/** Reads the words of a command; `warn` gets what goes to standard error on the way. */
export function readRequest(argv: readonly string[], names: Names, warn: (text: string) => void): Request {
  const reader = new Reader(argv, names, warn);
  return reader.read();
}

class Reader {
  readonly #getopt: Getopt<string>;
  readonly #names: Names;
  readonly #warn: (text: string) => void;
  readonly #options = new Set<string>();
  readonly #addresses = new Map<string, GivenAddress>();
  readonly #natPorts = new Map<string, number>();
  readonly #zones = new Map<string, number>();
  readonly #values: ProtocolValues = new Map();
  readonly #status: StatusValue = { status: 0, mask: 0 };
  readonly #output = new Set<string>();
  readonly #events = new Set<string>();
  readonly #labelWords: (readonly [letter: string, text: string])[] = [];
  #command: CommandKey | undefined;
  #table: TableName = 'conntrack';
  #family: Family | undefined;
  #protocol: ProtocolOptions | undefined;
  #timeout: number | undefined;
  #mark: MarkValue | undefined;

  constructor(argv: readonly string[], names: Names, warn: (text: string) => void) {
    this.#getopt = new Getopt(argv, SHORT_OPTIONS, (letter) => letter);
    this.#names = names;
    this.#warn = warn;
  }

  read(): Request {
    const getopt = this.#getopt;
    for (;;) {
      const options = [...LONG_OPTIONS, ...(this.#protocol?.options ?? [])];
      const found = getopt.next(options);
      if (found === undefined) break;
      if (found.kind === 'missing') wrong(`option \`${getopt.previous}' requires an argument`);
      if (found.kind === 'unknown') wrong(`unknown option \`${getopt.previous}'`);
      if (found.kind === 'option') this.#take(found.value, found.argument);
    }
    const labels = this.#readLabels();
    const options = this.#options;
    if (options.has('j') && (options.has('n') || options.has('g'))) {
      wrong("cannot specify `--src-nat' or `--dst-nat' with `--any-nat'");
    }
    const command = this.#command;
    if (command !== undefined) {
      checkOptions(command, options);
      if (this.#protocol && command !== 'h') checkProtocolOptions(this.#protocol, command, this.#values);
    }
    return {
      command,
      table: this.#table,
      options,
      family: this.#family,
      protocol: this.#protocol,
      values: this.#values,
      addresses: this.#addresses,
      natPorts: this.#natPorts,
      zones: this.#zones,
      timeout: this.#timeout,
      mark: this.#mark,
      status: this.#status,
      output: this.#output,
      events: this.#events,
      ...labels,
    };
  }

  #take(letter: string, argument: string | undefined): void {
    const text = argument ?? '';
    if (letter[0] === ':') takeProtocolOption(this.#protocol!, letter.slice(1), text, this.#values);
    else if (COMMANDS.includes(letter)) this.#takeCommand(letter, argument !== undefined);
    else if ('sdrq[]{}'.includes(letter)) this.#takeAddress(letter, text);
    else if ('ngj'.includes(letter)) this.#takeNat(letter, argument !== undefined);
    else if ('w()'.includes(letter)) {
      this.#options.add(letter);
      this.#zones.set(letter, decimalNumber(text) & 0xffff);
    } else if ('l<>'.includes(letter)) this.#takeLabel(letter, text, argument !== undefined);
    else if (letter === 'a') this.#warn('WARNING: ignoring -a, deprecated option.\n');
    else {
      this.#options.add(letter);
      this.#takeOther(letter, text);
    }
  }

  #takeOther(letter: string, text: string): void {
    if (letter === 'p') {
      this.#protocol = findProtocol(text, (name) => this.#names.protocolNumber(name));
      if (!this.#protocol) wrong(`\`${text}' unsupported protocol`);
    } else if (letter === 't') this.#timeout = decimalNumber(text);
    else if (letter === 'm') this.#mark = readMark(text);
    else if (letter === 'u') readStatus(text, this.#status, this.#warn);
    else if (letter === 'e') readEvents(text, this.#events);
    else if (letter === 'f') {
      if (!text.startsWith('ipv4') && !text.startsWith('ipv6')) wrong(`\`${text}' unsupported protocol`);
      this.#setFamily(text.startsWith('ipv4') ? 4 : 6);
    } else if (letter === 'o') {
      readOutput(text, this.#output);
      const others = [...this.#output].filter((name) => name !== 'save' && name !== 'userspace');
      if (this.#output.has('save') && others.length > 0) {
        failed('cannot combine save output with any other output type, use -o save only');
      }
    }
  }

  /** An argument that is joined to its option is not looked at. */
  #takeCommand(letter: string, joined: boolean): void {
    const word = joined ? undefined : this.#optionalWord();
    const table = word === undefined ? 'conntrack' : TABLES.find((name) => name.startsWith(word));
    if (table === undefined) wrong(`unknown type \`${word}'`);
    const special = table === 'dying' || table === 'unconfirmed';
    if (special && letter !== 'L') wrong("Can't do that command with tables `dying' and `unconfirmed'");
    if (table === 'expect' && (letter === 'U' || letter === 'A')) {
      wrong(`Can't do --${longName(letter)} on expectations`);
    }
    if (this.#command !== undefined) wrong('Invalid commands combination');
    this.#table = table;
    const expects = table === 'expect' && letter !== 'V' && letter !== 'h';
    this.#command = (expects ? `x${letter}` : letter) as CommandKey;
  }

  #optionalWord(): string | undefined {
    const word = this.#getopt.argv[this.#getopt.index];
    if (word === undefined || word[0] === '-' || word[0] === '!') return undefined;
    this.#getopt.index++;
    return word;
  }

  #takeAddress(letter: string, text: string): void {
    const address = this.#address(letter, text);
    this.#options.add(letter);
    this.#addresses.set(letter, address);
    if (address.mask === undefined || !'sd[]'.includes(letter)) return;
    const maskLetter = letter === 's' || letter === '[' ? '{' : '}';
    this.#options.add(maskLetter);
    this.#addresses.set(maskLetter, { ...address, bytes: address.mask, mask: undefined, hasPrefix: false });
  }

  #address(letter: string, text: string): GivenAddress {
    const address = readAddress(text);
    this.#setFamily(address.family);
    if (address.hasPrefix && !'sd[]'.includes(letter)) {
      wrong(`CIDR notation unavailable for \`--${longName(letter)}'`);
    }
    if (address.mask?.length === 0) wrong('Invalid netmask');
    return address;
  }

  #takeNat(letter: string, joined: boolean): void {
    this.#options.add(letter);
    const word = joined ? undefined : this.#optionalWord();
    if (word === undefined) return;
    const { address, port } = splitPort(word);
    const given = this.#address(letter, address);
    for (const side of letter === 'j' ? 'ng' : letter) {
      this.#addresses.set(side, given);
      if (port !== undefined) this.#natPorts.set(side, port);
    }
  }

  #takeLabel(letter: string, text: string, joined: boolean): void {
    this.#options.add(letter);
    if (this.#options.has('<') && this.#options.has('>')) {
      failed('cannot use --label-add and --label-del at the same time');
    }
    const word = letter !== '>' ? text : joined ? undefined : this.#optionalWord();
    if (word !== undefined) this.#labelWords.push([letter, word]);
  }

  #readLabels(): Pick<Request, 'labels' | 'changedLabels'> {
    const options = this.#options;
    const labels: number[] = [];
    const changed: number[] = [];
    const uses = ['l', '<', '>'].some((letter) => options.has(letter)) || this.#output.has('labels');
    const known = this.#names.connectionLabels;
    if (uses && known === undefined) this.#warn('nfct_labelmap_new: No such file or directory\n');
    for (const [letter, text] of this.#labelWords) {
      for (const name of text.split(',')) {
        const number = known?.byName.get(name);
        if (number === undefined) wrong(`unknown label '${name}'`);
        (letter === 'l' ? labels : changed).push(number);
      }
    }
    const all = options.has('>') && changed.length === 0;
    return { labels, changedLabels: all ? undefined : changed };
  }

  #setFamily(family: Family): void {
    if (this.#family !== undefined && this.#family !== family) wrong('mismatched address family');
    this.#family = family;
  }
}
