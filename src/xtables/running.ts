import type { Family } from '../netfilter/constants.ts';
import type { HookState, Hooks } from '../netfilter/hooks.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { DROP, type Verdict } from '../netfilter/verdict.ts';
import type { BuiltTable } from './commit.ts';
import { compile } from './compile.ts';
import { Counters } from './counters.ts';
import type { DevicePatterns } from './devices.ts';
import { Interpreter } from './interpret.ts';
import type { Names } from './names.ts';
import { ASK, DO, type Program } from './program.ts';
import { Trace } from './trace.ts';
import { Walk } from './walk.ts';

/** A table in use: the compiled form, the counters, and where each hook begins. */
export class RunningTable {
  readonly built: BuiltTable;
  readonly counters: Counters;
  readonly #program: Program;
  readonly #hooks: Hooks;
  readonly #patterns: DevicePatterns;
  readonly #family: Family;
  readonly #walks: Walk[] = [];
  /** First line and last line (the policy) of each hook's chain; -1 where the table has none. */
  readonly starts = new Int32Array(5).fill(-1);
  readonly policies = new Int32Array(5).fill(-1);
  readonly trace: Trace;
  /** The plain form of the same table: it can say why a rule did not match. */
  readonly interpreter: Interpreter;
  #depth = 0;

  constructor(
    built: BuiltTable,
    hooks: Hooks,
    services: Services,
    names: () => Names,
    patterns: DevicePatterns,
    lent?: RunningTable,
  ) {
    this.built = built;
    this.#hooks = hooks;
    this.#patterns = patterns;
    this.#family = built.image.family;
    this.#program = lent ? lent.#program.borrow(built) : compile(built, patterns);
    this.counters = new Counters(built.size);
    if (lent) this.counters.copyAll(lent.counters);
    for (const chain of built.image.chains) {
      if (chain.hook === undefined) continue;
      const start = built.starts.get(chain.name)!;
      this.starts[chain.hook] = start;
      this.policies[chain.hook] = start + chain.entries.length;
    }
    this.trace = new Trace(built, hooks, services);
    this.interpreter = new Interpreter(this, hooks, services, names);
  }

  /** Sends a packet through the chain of a hook (ipt_do_table, ip6t_do_table). */
  run(packet: Packet, state: HookState): Verdict {
    const depth = this.#depth++;
    let walk = this.#walks[depth];
    if (walk === undefined) {
      walk = new Walk(this.built.image.chains.length + 1);
      this.#walks[depth] = walk;
    }
    const place = walk.place;
    place.family = this.#family;
    place.hook = state.hook;
    place.inDevice = state.inDevice;
    place.outDevice = state.outDevice;
    place.drop = false;
    place.transport = packet.network;
    place.fragment = 0;
    walk.forget();
    if (this.#family === 4) {
      const { bytes, network } = packet;
      place.transport = network + (bytes[network]! & 15) * 4;
      place.fragment = ((bytes[network + 6]! & 0x1f) << 8) | bytes[network + 7]!;
    }
    try {
      if (this.#hooks.observer?.wantsMisses) return this.interpreter.run(walk, packet, state);
      return this.#walk(walk, packet, state);
    } finally {
      this.#depth = depth;
    }
  }

  #walk(walk: Walk, packet: Packet, state: HookState): Verdict {
    const { place, stack } = walk;
    const program = this.#program;
    const { asks, act, argument } = program;
    let depth = 0;
    let line = this.starts[state.hook]!;
    const six = this.#family === 6;
    for (;;) {
      // Until a rule's -p has found the header behind IP, the kernel has no offset of it (ip6t_do_table).
      if (six) place.transport = packet.network;
      if (
        (asks[line] !== 0 && !this.#headerFits(walk, line, packet)) ||
        !program.testsHold(line, packet, place)
      ) {
        if (place.drop) {
          this.trace.malformed(packet, line);
          return DROP;
        }
        line++;
        continue;
      }
      this.counters.count(line, packet.end - packet.network);
      if (packet.traced || this.#hooks.observer !== undefined) this.trace.matched(packet, state, line);
      if (place.drop) {
        // An inverted test fits headers that lie: the rule counts and its target runs, but no verdict of it holds.
        if (act[line] === DO.TARGET) program.targets[argument[line]!]!(packet, place);
        return DROP;
      }
      switch (act[line]) {
        case DO.NEXT:
          line++;
          break;
        case DO.VERDICT:
          return argument[line]!;
        case DO.RETURN:
          line = depth === 0 ? this.policies[state.hook]! : stack[--depth]! + 1;
          break;
        case DO.JUMP:
          stack[depth++] = line;
          line = argument[line]!;
          break;
        case DO.GOTO:
          line = argument[line]!;
          break;
        default: {
          const verdict = program.targets[argument[line]!]!(packet, place);
          if (verdict >= 0) return verdict;
          walk.forget();
          line++;
        }
      }
    }
  }

  #headerFits(walk: Walk, line: number, packet: Packet): boolean {
    const program = this.#program;
    const asks = program.asks[line]!;
    const four = this.#family === 4;
    if (asks & (ASK.SOURCE | ASK.DESTINATION)) {
      const at = packet.network + (four ? 12 : 8);
      const words = four ? 1 : 4;
      const own = line * 4 * words;
      if (asks & ASK.SOURCE) {
        const same = addressFits(packet.bytes, at, program.addresses, own, words);
        if (same === ((asks & ASK.SOURCE_INVERTED) !== 0)) return false;
      }
      if (asks & ASK.DESTINATION) {
        const same = addressFits(packet.bytes, at + words * 4, program.addresses, own + 2 * words, words);
        if (same === ((asks & ASK.DESTINATION_INVERTED) !== 0)) return false;
      }
    }
    const place = walk.place;
    if (asks & ASK.IN) {
      const fits = this.#patterns.fits(program.inPattern[line]!, place.inDevice);
      if (fits === ((asks & ASK.IN_INVERTED) !== 0)) return false;
    }
    if (asks & ASK.OUT) {
      const fits = this.#patterns.fits(program.outPattern[line]!, place.outDevice);
      if (fits === ((asks & ASK.OUT_INVERTED) !== 0)) return false;
    }
    if (!four) {
      return (
        (asks & ASK.PROTOCOL) === 0 ||
        walk.ipv6ProtocolFits(packet, program.protocol[line]!, (asks & ASK.PROTOCOL_INVERTED) !== 0)
      );
    }
    if (asks & ASK.PROTOCOL) {
      const same = packet.bytes[packet.network + 9] === program.protocol[line];
      if (same === ((asks & ASK.PROTOCOL_INVERTED) !== 0)) return false;
    }
    if (asks & ASK.FRAGMENT) {
      return (place.fragment !== 0) !== ((asks & ASK.FRAGMENT_INVERTED) !== 0);
    }
    return true;
  }
}

function addressFits(bytes: Uint8Array, at: number, rule: Int32Array, own: number, words: number): boolean {
  for (let i = 0; i < words; i++) {
    const from = at + i * 4;
    const word = (bytes[from]! << 24) | (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!;
    if ((word & rule[own + words + i]!) !== rule[own + i]!) return false;
  }
  return true;
}
