import type { ErrnoName } from '../../netfilter/constants.ts';
import { type Chain, type Entry, newEntry, type Policy, type TableImage } from '../../xtables/image.ts';
import { type Rule, sameRule } from '../../xtables/rule.ts';
import type { Count, Table } from '../../xtables/table.ts';

/** Why an operation failed, as the command words it. `invalid`: the hint about dmesg follows. */
export interface Failure {
  readonly text: string;
  readonly invalid?: boolean;
  /** What the C library calls the error, where another message quotes it. */
  readonly plain?: string;
}

const NO_CHAIN: Failure = { text: 'No chain/target/match by that name' };
const BAD_RULE: Failure = { text: 'Bad rule (does a matching rule exist in that chain?)' };

const INVALID: Failure = { text: 'Invalid argument', invalid: true };

const STRERROR: Partial<Record<ErrnoName, Failure>> = {
  EINVAL: INVALID,
  ELOOP: { text: 'Too many levels of symbolic links' },
  ENOENT: NO_CHAIN,
  EPERM: { text: 'Operation not permitted' },
  EEXIST: { text: 'File exists' },
  ERANGE: { text: 'Numerical result out of range' },
  ENOMEM: { text: 'Memory allocation problem' },
  EBUSY: { text: 'Device or resource busy' },
  EOPNOTSUPP: { text: 'Operation not supported' },
  EPROTONOSUPPORT: { text: 'Protocol not supported' },
};

/** Names that no chain can have. */
const VERDICTS = new Set(['ACCEPT', 'DROP', 'QUEUE', 'RETURN']);

/** The copy of a table that a command works on: libiptc. Nothing reaches the table before {@link commit}. */
export class Handle {
  readonly table: Table;
  readonly image: TableImage;
  /** Line of the input that is being read; rules that are added remember it. */
  line = 0;
  readonly #added = new WeakSet<Entry>();
  /** What the commit will answer, if that is clear already. */
  #refused: Failure | undefined;

  constructor(table: Table) {
    this.table = table;
    this.image = table.image.copy();
  }

  isChain(name: string): boolean {
    return this.image.chain(name) !== undefined;
  }

  count(entry: Parameters<Table['count']>[0]): Count {
    return this.table.count(entry);
  }

  /** A rule leads nowhere, or to a built-in chain, which cannot be jumped to. */
  #misled({ action }: Rule): Failure | undefined {
    if (action.kind !== 'chain') return undefined;
    const chain = this.image.chain(action.chain);
    if (chain === undefined) return NO_CHAIN;
    return chain.hook === undefined ? undefined : INVALID;
  }

  /** Whether a rule is not in the table yet: it came with a command of this handle. */
  isAdded(entry: Entry): boolean {
    return this.#added.has(entry);
  }

  #add(rule: Rule, { packets, bytes }: Count): Entry {
    const entry = newEntry(rule, packets, bytes, this.line);
    this.#added.add(entry);
    return entry;
  }

  append(chain: string, rule: Rule, count: Count): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    const misled = this.#misled(rule);
    if (misled) return misled;
    this.image.edit(found).push(this.#add(rule, count));
    return undefined;
  }

  /** `at` counts from 0. */
  insert(chain: string, rule: Rule, at: number, count: Count): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    if (at > found.entries.length) return { text: 'Index of insertion too big' };
    const misled = this.#misled(rule);
    if (misled) return misled;
    this.image.edit(found).splice(at, 0, this.#add(rule, count));
    return undefined;
  }

  replace(chain: string, rule: Rule, at: number, count: Count): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    if (at >= found.entries.length) return { text: 'Index of replacement too big' };
    const misled = this.#misled(rule);
    if (misled) return misled;
    this.image.edit(found)[at] = this.#add(rule, count);
    return undefined;
  }

  /** Place of the first rule equal to this one. */
  find(chain: string, rule: Rule): number | Failure {
    const found = this.image.chain(chain);
    if (!found) return BAD_RULE;
    const misled = this.#misled(rule);
    if (misled) return misled;
    const at = found.entries.findIndex((entry) => sameRule(entry.rule, rule));
    if (at >= 0) return at;
    // libiptc's message depends on what the rule of the command leads to.
    const { action } = rule;
    const plain =
      action.kind === 'none' || (action.kind === 'target' && action.extension.verdict !== undefined);
    return plain ? BAD_RULE : NO_CHAIN;
  }

  delete(chain: string, rule: Rule): Failure | undefined {
    const at = this.find(chain, rule);
    if (typeof at !== 'number') return at;
    this.image.edit(this.image.chain(chain)!).splice(at, 1);
    return undefined;
  }

  deleteNumber(chain: string, at: number): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    if (at >= found.entries.length) return { text: 'Index of deletion too big' };
    this.image.edit(found).splice(at, 1);
    return undefined;
  }

  flush(chain: string): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    this.image.edit(found).length = 0;
    return undefined;
  }

  /** Sets the counters of a chain, of its rules and of its policy, to 0. */
  zero(chain: string): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    const entries = this.image.edit(found);
    for (let i = 0; i < entries.length; i++) entries[i] = zeroed(entries[i]!);
    setCount(found, 0n, 0n);
    return undefined;
  }

  /** `number` counts from 1. */
  zeroNumber(chain: string, number: number): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    if (number > found.entries.length) return { text: 'Index of counter too big' };
    const entries = this.image.edit(found);
    entries[number - 1] = zeroed(entries[number - 1]!);
    return undefined;
  }

  create(chain: string): Failure | undefined {
    if (this.isChain(chain) || VERDICTS.has(chain))
      return { text: 'Chain already exists', plain: 'File exists' };
    this.image.create(chain);
    return undefined;
  }

  deleteChain(chain: string): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found) return NO_CHAIN;
    if (found.hook !== undefined) return INVALID;
    if (this.image.references().has(chain)) return { text: 'Too many links' };
    if (found.entries.length > 0) return { text: 'Directory not empty' };
    this.image.remove(chain);
    return undefined;
  }

  rename(chain: string, to: string): Failure | undefined {
    if (this.isChain(to) || VERDICTS.has(to)) return { text: 'File exists' };
    const found = this.image.chain(chain);
    if (!found || found.hook !== undefined) return NO_CHAIN;
    // The kernel keeps 29 characters of a name and refuses those that do not fit its table entry.
    if (to.length > 31) this.#refused = INVALID;
    const kept = to.slice(0, 29);
    if (kept !== to && this.isChain(kept)) return { text: 'File exists' };
    this.image.rename(chain, kept);
    return undefined;
  }

  /** Without `count` the counters of the policy stay as they are (and are lost at the commit, as on Linux). */
  setPolicy(chain: string, policy: string, count: Count | undefined): Failure | undefined {
    const found = this.image.chain(chain);
    if (!found || found.hook === undefined) return { text: 'Bad built-in chain name' };
    if (policy !== 'ACCEPT' && policy !== 'DROP') return { text: 'Bad policy name', invalid: true };
    found.policy = policy satisfies Policy;
    if (count) setCount(found, count.packets, count.bytes);
    this.image.changed = true;
    return undefined;
  }

  /** Hands the changed table to the kernel. */
  commit(): Failure | undefined {
    if (this.#refused) return this.#refused;
    if (!this.image.changed) return undefined;
    const refused = this.table.commit(this.image);
    return refused && (STRERROR[refused] ?? { text: refused });
  }
}

function setCount(chain: Chain, packets: bigint, bytes: bigint): void {
  chain.slot = -1;
  chain.packets = packets;
  chain.bytes = bytes;
}

/** The same rule, which begins to count again. */
function zeroed({ rule, line }: Entry): Entry {
  return newEntry(rule, 0n, 0n, line);
}
