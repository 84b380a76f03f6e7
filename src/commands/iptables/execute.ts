import { isZero } from '../../xtables/address.ts';
import { EXIT_VERSION, Problem } from '../../xtables/problem.ts';
import { type Action, ANY_HEADER, type Header, type Rule, takenRule } from '../../xtables/rule.ts';
import { saveRule } from '../../xtables/text.ts';
import type { Xtables } from '../../xtables/xtables.ts';
import type { CommandLine } from './command-line.ts';
import { type Failure, Handle } from './handle.ts';
import type { Network } from './hosts.ts';
import { type ListFormat, listHeader, listRule, ONE_LINE } from './list.ts';
import { Exit } from './output.ts';
import { type Reader, STANDARD } from './reader.ts';

/** A command line carried out on a handle: do_command4 and do_command6. */
export class Execution {
  readonly #line: CommandLine;
  readonly #reader: Reader;
  readonly handle: Handle;

  constructor(line: CommandLine, reader: Reader, handle: Handle) {
    this.#line = line;
    this.#reader = reader;
    this.handle = handle;
  }

  /** Does what the line says; answers why it could not. */
  run(): Failure | undefined {
    const line = this.#line;
    const { commands } = line;
    if (line.isRule) return this.#ruleCommand();
    const chain = line.chain;
    const { handle } = this;
    if (commands.includes('deleteNumber')) return handle.deleteNumber(chain!, line.ruleNumber - 1);
    if (commands.includes('list')) return this.#list() ?? this.#zeroAfter();
    if (commands.includes('listRules')) return this.#listRules() ?? this.#zeroAfter();
    if (commands.includes('flush')) return this.eachChain('Flushing', true, (name) => handle.flush(name));
    if (commands.includes('zero')) return this.#zero();
    if (commands.includes('zeroNumber')) return handle.zeroNumber(chain!, line.ruleNumber);
    if (commands.includes('newChain')) return handle.create(chain!);
    if (commands.includes('deleteChain')) {
      return this.eachChain('Deleting', false, (name) => handle.deleteChain(name));
    }
    if (commands.includes('renameChain')) return handle.rename(chain!, line.newName);
    const count = line.given.includes('c') ? { packets: line.packets, bytes: line.bytes } : undefined;
    return handle.setPolicy(chain!, line.policy!, count);
  }

  // -- rules --------------------------------------------------------------------------------------------------------

  #ruleCommand(): Failure | undefined {
    const line = this.#line;
    const { commands } = line;
    const chain = line.chain!;
    const { handle } = this;
    const action = this.#action();
    const header = this.#header();
    const count = { packets: line.packets, bytes: line.bytes };
    let failure: Failure | undefined;
    for (const source of line.sources) {
      for (const destination of line.destinations) {
        const rule = makeRule(this.#reader.family, header, source, destination, line, action);
        if (line.verbose > 0) this.#show(rule);
        let failed: Failure | undefined;
        if (commands.includes('append')) {
          failed = handle.append(chain, takenRule(rule), count);
        } else if (commands.includes('insert')) {
          failed = handle.insert(chain, takenRule(rule), line.ruleNumber - 1, count);
        } else if (commands.includes('replace')) {
          failed = handle.replace(chain, takenRule(rule), line.ruleNumber - 1, count);
        } else if (commands.includes('delete')) {
          failed = handle.delete(chain, rule);
        } else {
          // What the kernel changed is among what ip6tables 1.8.9 overlooks, whose mask for comparing is too short.
          const at = handle.find(chain, this.#reader.family === 6 ? takenRule(rule) : rule);
          failed = typeof at === 'number' ? undefined : at;
        }
        failure = failed ?? failure;
      }
    }
    return failure;
  }

  #show(rule: Rule): void {
    this.#reader.output.print(
      `${listRule(rule, 0, { packets: 0n, bytes: 0n }, this.#reader.names, ONE_LINE, this.#warn)}\n`,
    );
  }

  #action(): Action {
    const { jump, goto, target } = this.#line;
    if (target !== undefined) {
      if (!this.handle.isChain(jump)) return target;
      this.#reader.output.complain(`Warning: using chain ${jump}, not extension\n`);
    }
    if (jump === '') return { kind: 'none' };
    if (this.handle.isChain(jump)) return { kind: 'chain', chain: jump, goto };
    if (!goto && jump === STANDARD) return { kind: 'chain', chain: jump, goto };
    if (goto) throw new Problem(`goto '${jump}' is not a chain`);
    throw new Problem(`Couldn't load target \`${jump}':No such file or directory\n`);
  }

  /** The header without its addresses. */
  #header(): Header {
    const line = this.#line;
    const any = ANY_HEADER[this.#reader.family];
    if (line.given === '') return any;
    return {
      ...any,
      sourceInverted: line.inverted.includes('s'),
      destinationInverted: line.inverted.includes('d'),
      inInterface: line.inInterface,
      outInterface: line.outInterface,
      // IPv6 remembers that -p was given, even if it is `all` (IP6T_F_PROTO).
      hasProtocol: line.protocol !== 0 || (this.#reader.family === 6 && line.given.includes('p')),
      protocol: line.protocol,
      protocolInverted: line.inverted.includes('p'),
      fragment: line.given.includes('f'),
      fragmentInverted: line.inverted.includes('f'),
    };
  }

  // -- chains -------------------------------------------------------------------------------------------------------

  /** Does something to the chain named, or to all; the last failure counts. */
  eachChain(
    what: string,
    builtIn: boolean,
    run: (name: string) => Failure | undefined,
    verbose = this.#line.verbose > 0,
  ): Failure | undefined {
    const { chain } = this.#line;
    const all = this.handle.image.chains.filter(({ hook }) => builtIn || hook === undefined);
    let failure: Failure | undefined;
    for (const name of chain === undefined ? all.map((one) => one.name) : [chain]) {
      if (verbose) this.#reader.output.print(`${what} chain \`${name}'\n`);
      failure = run(name) ?? failure;
    }
    return failure;
  }

  #zero(): Failure | undefined {
    return this.eachChain('Zeroing', true, (name) => this.handle.zero(name));
  }

  #zeroAfter(): Failure | undefined {
    const { commands, chain, ruleNumber } = this.#line;
    if (commands.includes('zero')) return this.#zero();
    return commands.includes('zeroNumber') ? this.handle.zeroNumber(chain!, ruleNumber) : undefined;
  }

  /** What printing a rule has to say on standard error. */
  readonly #warn = (text: string): void => this.#reader.output.complain(text);

  // -- listings -----------------------------------------------------------------------------------------------------

  #list(): Failure | undefined {
    const { chain, given, ruleNumber, verbose } = this.#line;
    const { output, names } = this.#reader;
    const format: ListFormat = {
      numeric: given.includes('n'),
      counters: verbose > 0,
      interfaces: verbose > 0,
      short: !given.includes('x'),
      lineNumbers: given.includes('0'),
      table: true,
    };
    const references = this.handle.image.references();
    let found = false;
    for (const one of this.handle.image.chains) {
      if (chain !== undefined && one.name !== chain) continue;
      if (found) output.print('\n');
      if (ruleNumber === 0) {
        const count = this.handle.table.chainCount(one);
        output.print(listHeader(one, count, references.get(one.name) ?? 0, format));
      }
      one.entries.forEach((entry, i) => {
        if (ruleNumber !== 0 && ruleNumber !== i + 1) return;
        const count = this.handle.count(entry);
        output.print(`${listRule(entry.rule, i + 1, count, names, format, this.#warn)}\n`);
      });
      found = true;
    }
    return found ? undefined : NOT_FOUND;
  }

  #listRules(): Failure | undefined {
    const { chain, ruleNumber, verbose } = this.#line;
    const { output, names } = this.#reader;
    const chains = this.handle.image.chains.filter((one) => chain === undefined || one.name === chain);
    const counters = ({ packets, bytes }: { packets: bigint; bytes: bigint }) =>
      verbose > 0 ? ` -c ${packets} ${bytes}` : '';
    if (ruleNumber === 0) {
      for (const one of chains) {
        output.print(
          one.hook === undefined
            ? `-N ${one.name}\n`
            : `-P ${one.name} ${one.policy}${counters(this.handle.table.chainCount(one))}\n`,
        );
      }
    }
    for (const one of chains) {
      one.entries.forEach((entry, i) => {
        if (ruleNumber !== 0 && ruleNumber !== i + 1) return;
        const count = counters(this.handle.count(entry));
        const { rule } = entry;
        if (rule.action.kind === 'chain' && this.handle.isAdded(entry)) {
          // Before the commit the real tool takes the chain for a target, which it does not find.
          output.print(
            `-A ${one.name}${saveRule({ ...rule, action: { kind: 'none' } }, names, count, this.#warn)}`,
          );
          output.complain(`Can't find library for target \`${rule.action.chain}'\n`);
          throw new Exit(1);
        }
        output.print(`-A ${one.name}${saveRule(rule, names, count, this.#warn)}\n`);
      });
    }
    return chains.length > 0 ? undefined : NOT_FOUND;
  }
}

const NOT_FOUND: Failure = { text: 'No chain/target/match by that name' };

function makeRule(
  family: Rule['family'],
  header: Header,
  source: Network,
  destination: Network,
  line: CommandLine,
  action: Action,
): Rule {
  const plain = isZero(source.mask) && isZero(destination.mask);
  return {
    family,
    header: plain
      ? header
      : {
          ...header,
          source: source.address,
          sourceMask: source.mask,
          destination: destination.address,
          destinationMask: destination.mask,
        },
    matches: line.matches,
    action,
  };
}

/** Opens a table for a command, made if it is not there yet. */
export function openTable(xtables: Xtables, name: string, reader: Reader): Handle {
  const table = xtables.table(reader.family, name);
  if (table) return new Handle(table);
  const tool = reader.family === 4 ? 'iptables' : 'ip6tables';
  throw new Problem(`can't initialize ${tool} table \`${name}': ${missingTable(name)}`, EXIT_VERSION);
}

/** Why there is no table of this name. */
export function missingTable(name: string): string {
  return name.length > 31 ? 'Module is wrong version' : 'Table does not exist (do you need to insmod?)';
}
