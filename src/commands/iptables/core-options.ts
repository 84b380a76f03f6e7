import { interfaceName } from '../../xtables/interface-name.ts';
import { Problem } from '../../xtables/problem.ts';
import { parseProtocol } from '../../xtables/protocols.ts';
import { findTarget } from '../../xtables/registry.ts';
import { unsigned } from '../../xtables/values.ts';
import type { CommandLine } from './command-line.ts';
import { wrap } from './counters-text.ts';
import { printHelp } from './help.ts';
import { checkTargetName } from './line-extensions.ts';
import { COMMAND_LETTER, type CommandName, INVERTIBLE } from './options.ts';
import { Exit } from './output.ts';
import { MAX_NAME, STANDARD, tooLong, VERSION } from './reader.ts';
import { checkInterval, checkWait } from './wait.ts';
import { isExtensionHeader } from './words.ts';

/** Takes an option into the command line. */
type Handler = (line: CommandLine, argument: string | undefined, inverted: boolean) => void;

function command(line: CommandLine, name: CommandName, inverted: boolean, beside: CommandName[] = []): void {
  if (inverted) throw new Problem("unexpected '!' flag");
  const other = line.commands.find((one) => !beside.includes(one));
  if (other) throw new Problem(`Cannot use -${COMMAND_LETTER[name]} with -${COMMAND_LETTER[other]}`);
  line.commands = [...line.commands, name];
}

function option(line: CommandLine, letter: string, inverted: boolean): void {
  if (line.given.includes(letter)) throw new Problem(`multiple -${letter} flags not allowed`);
  line.given += letter;
  if (!inverted) return;
  if (!INVERTIBLE.has(letter)) throw new Problem(`cannot have ! before -${letter}`);
  line.inverted += letter;
}

function optionalChain(line: CommandLine, argument: string | undefined): void {
  if (argument !== undefined) line.chain = argument;
  else if (line.words.hasWord()) line.chain = line.words.argv[line.words.index++];
}

function ruleNumber(line: CommandLine): number {
  const word = line.words.argv[line.words.index++]!;
  const number = unsigned(word, 1, 0x7fffffff);
  if (number === undefined) throw new Problem(`Invalid rule number \`${word}'`);
  return number;
}

/** A command that needs a second word behind the chain. */
function secondWord(line: CommandLine, complaint: string): string {
  if (!line.words.hasWord()) throw new Problem(complaint);
  return line.words.argv[line.words.index++]!;
}

const ruleCommand =
  (name: CommandName): Handler =>
  (line, chain, inverted) => {
    command(line, name, inverted);
    line.chain = chain;
  };

const chainCommand =
  (name: CommandName): Handler =>
  (line, chain, inverted) => {
    command(line, name, inverted);
    optionalChain(line, chain);
  };

const listCommand =
  (name: CommandName): Handler =>
  (line, chain, inverted) => {
    command(line, name, inverted, ['zero', 'zeroNumber']);
    optionalChain(line, chain);
    if (line.words.hasWord()) line.ruleNumber = ruleNumber(line);
  };

const plain =
  (letter: string): Handler =>
  (line, _argument, inverted) =>
    option(line, letter, inverted);

/** A command's number takes the place of the command itself. */
function numbered(line: CommandLine, name: CommandName): void {
  line.ruleNumber = ruleNumber(line);
  line.commands = [name];
}

function checkNewChain({ reader }: CommandLine, name: string): void {
  if (name.length >= MAX_NAME) throw tooLong(name);
  if (name[0] === '-' || name[0] === '!') {
    throw new Problem(`chain name not allowed to start with \`${name[0]}'`);
  }
  const { family } = reader;
  if (name === '' || name === STANDARD || findTarget(family, name)) {
    throw new Problem('chain name may not clash with target name');
  }
  if (/[ \t\n\v\f\r]/.test(name)) throw new Problem(`Invalid chain name \`${name}'`);
}

function protocol(line: CommandLine, word: string): void {
  const { family, names, output } = line.reader;
  const inverted = line.inverted.includes('p');
  line.protocolWord = word.toLowerCase();
  line.protocol = parseProtocol(line.protocolWord, names);
  if (line.protocol === 0 && inverted) throw new Problem('rule would never match protocol');
  if (family === 6 && isExtensionHeader(line.protocol) && !inverted) {
    output.complain(`Warning: never matched protocol: ${line.protocolWord}. use extension match instead.\n`);
  }
}

function counters(line: CommandLine, argument: string): void {
  const { words } = line;
  const comma = argument.indexOf(',', 1);
  let bytes = comma < 0 ? undefined : argument.slice(comma + 1);
  if (bytes === undefined && words.hasWord()) bytes = words.argv[words.index++];
  if (bytes === undefined) throw new Problem('-c requires packet and byte counter');
  line.packets = counter(argument, 'packet');
  line.bytes = counter(bytes, 'byte');
}

/** What sscanf("%llu") reads at the beginning. */
function counter(text: string, what: string): bigint {
  const found = /^[ \t\n\v\f\r]*([+-]?[0-9]+)/.exec(text);
  if (!found) throw new Problem(`-c ${what} counter not numeric`);
  return wrap(found[1]!);
}

function onlyOutside(line: CommandLine, letter: string): void {
  // The real tool names iptables-restore here for both families.
  if (line.reader.restoring) throw new Problem(`You cannot use \`-${letter}' from iptables-restore`);
}

const family =
  (number: 4 | 6): Handler =>
  (line) => {
    if (number === line.reader.family) return;
    if (!line.reader.restoring) throw new Problem('', 0);
    line.cutOff = true;
  };

/**
 * What each core option does. Some take the word before the next one instead of their argument, as the real tool does: so
 * `-ptcp` is a protocol called `-ptcp`.
 */
export const CORE_HANDLERS: Readonly<Record<string, Handler>> = {
  A: ruleCommand('append'),
  C: ruleCommand('check'),
  D: (line, chain, inverted) => {
    ruleCommand('delete')(line, chain, inverted);
    if (line.words.hasWord()) numbered(line, 'deleteNumber');
  },
  I: (line, chain, inverted) => {
    ruleCommand('insert')(line, chain, inverted);
    line.ruleNumber = line.words.hasWord() ? ruleNumber(line) : 1;
  },
  R: (line, chain, inverted) => {
    ruleCommand('replace')(line, chain, inverted);
    if (!line.words.hasWord()) throw new Problem('-R requires a rule number');
    line.ruleNumber = ruleNumber(line);
  },
  L: listCommand('list'),
  S: listCommand('listRules'),
  F: chainCommand('flush'),
  X: chainCommand('deleteChain'),
  Z: (line, chain, inverted) => {
    command(line, 'zero', inverted, ['list', 'listRules']);
    optionalChain(line, chain);
    if (line.words.hasWord()) numbered(line, 'zeroNumber');
  },
  N: (line, chain, inverted) => {
    checkNewChain(line, chain!);
    ruleCommand('newChain')(line, chain, inverted);
  },
  E: (line, chain, inverted) => {
    ruleCommand('renameChain')(line, chain, inverted);
    line.newName = secondWord(line, '-E requires old-chain-name and new-chain-name');
  },
  P: (line, chain, inverted) => {
    ruleCommand('setPolicy')(line, chain, inverted);
    line.policy = secondWord(line, '-P requires a chain and a policy');
  },
  h: (line) => {
    const { output, program, family: ip } = line.reader;
    line.extensions.loadForHelp(line.protocolWord);
    printHelp(output, program, ip, line.extensions.all);
    throw new Exit(0);
  },
  V: (line, _argument, inverted) => {
    const { output, program } = line.reader;
    output.print(inverted ? `Not ${VERSION} ;-)\n` : `${program} v${VERSION}\n`);
    throw new Exit(0);
  },
  p: (line, _argument, inverted) => {
    option(line, 'p', inverted);
    protocol(line, line.words.previous);
  },
  s: (line, _argument, inverted) => {
    option(line, 's', inverted);
    line.sourceWord = line.words.previous;
  },
  d: (line, _argument, inverted) => {
    option(line, 'd', inverted);
    line.destinationWord = line.words.previous;
  },
  i: (line, argument, inverted) => {
    line.inInterface = networkInterface(line, 'i', argument, inverted);
  },
  o: (line, argument, inverted) => {
    line.outInterface = networkInterface(line, 'o', argument, inverted);
  },
  f: (line, _argument, inverted) => {
    if (line.reader.family === 6) {
      throw new Problem("`-f' is not supported in IPv6, use -m frag instead");
    }
    option(line, 'f', inverted);
  },
  j: (line, _argument, inverted) => {
    option(line, 'j', inverted);
    line.jump = line.words.previous;
    line.extensions.jump(line.jump);
  },
  g: (line, argument, inverted) => {
    option(line, 'j', inverted);
    checkTargetName(argument!);
    line.goto = true;
    line.jump = argument!;
  },
  m: (line, argument, inverted) => {
    if (inverted) throw new Problem('unexpected ! flag before --match');
    line.extensions.match(argument!);
  },
  t: (line, argument, inverted) => {
    if (inverted) throw new Problem('unexpected ! flag before --table');
    if (line.reader.restoring && line.tableSet) {
      throw new Problem(`The -t option cannot be used in ${line.reader.program}.\n`);
    }
    line.table = argument!;
    line.tableSet = true;
  },
  v: (line, _argument, inverted) => {
    if (line.verbose === 0) option(line, 'v', inverted);
    line.verbose++;
  },
  n: plain('n'),
  x: plain('x'),
  '0': plain('0'),
  c: (line, argument, inverted) => {
    option(line, 'c', inverted);
    counters(line, argument!);
  },
  w: (line, argument) => {
    onlyOutside(line, 'w');
    checkWait(line.words, argument);
    line.waits = true;
  },
  W: (line, argument) => {
    onlyOutside(line, 'W');
    checkInterval(line.words, argument, (text) => line.reader.output.complain(text));
    line.waitInterval = true;
  },
  M: () => {},
  '4': family(4),
  '6': family(6),
};

function networkInterface(
  line: CommandLine,
  letter: string,
  argument: string | undefined,
  inverted: boolean,
): CommandLine['inInterface'] {
  if (argument === '') throw new Problem('Empty interface is likely to be undesired');
  option(line, letter, inverted);
  const text = interfaceName(line.words.previous, (warning) => line.reader.output.complain(warning));
  return { text, inverted };
}
