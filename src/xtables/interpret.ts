import type { HookState, Hooks } from '../netfilter/hooks.ts';
import type { Mismatch } from '../netfilter/observer.ts';
import type { Packet } from '../netfilter/packet.ts';
import type { Services } from '../netfilter/services.ts';
import { ACCEPT, DROP, type Verdict } from '../netfilter/verdict.ts';
import { formatAddress, fromBytes, masked, sameAddress } from './address.ts';
import type { Line } from './commit.ts';
import { fitsPattern } from './devices.ts';
import { RETURN } from './extension.ts';
import type { Names } from './names.ts';
import type { Header, InterfaceName, Rule } from './rule.ts';
import type { RunningTable } from './running.ts';
import { explain, holds } from './tests.ts';
import {
  oneOption,
  printContext,
  protocolText,
  saveAddress,
  saveFragment,
  saveInterface,
  saveOptions,
  saveProtocol,
  saveRule,
} from './text.ts';
import type { Walk } from './walk.ts';

/**
 * Runs a table as it was declared, rule by rule, and says of each rule that did not match the first test that failed. It
 * is written for plainness, not for speed: the compiled form must give the same verdicts and counters.
 */
export class Interpreter {
  readonly #table: RunningTable;
  readonly #hooks: Hooks;
  readonly #services: Services;
  readonly #names: () => Names;

  constructor(table: RunningTable, hooks: Hooks, services: Services, names: () => Names) {
    this.#table = table;
    this.#hooks = hooks;
    this.#services = services;
    this.#names = names;
  }

  run(walk: Walk, packet: Packet, state: HookState): Verdict {
    const { built, counters, policies, starts, trace } = this.#table;
    const { place } = walk;
    const waiting: number[] = [];
    let at = starts[state.hook]!;
    for (;;) {
      const line = built.line(at);
      const rule = line.entry?.rule;
      if (place.family === 6) place.transport = packet.network;
      const failed = rule && this.#firstFailure(walk, line, rule, packet);
      if (failed) {
        this.#missed(walk, line, rule, packet, failed);
        if (place.drop) {
          trace.malformed(packet, at);
          return DROP;
        }
        at++;
        continue;
      }
      counters.count(at, packet.length);
      trace.matched(packet, state, at);
      if (rule) this.#matched(line, rule, packet);
      const action = rule?.action;
      if (place.drop) {
        line.target?.(packet, place);
        return DROP;
      }
      if (action === undefined && line.chain.hook !== undefined) {
        return line.chain.policy === 'ACCEPT' ? ACCEPT : DROP;
      }
      if (action?.kind === 'none') {
        at++;
      } else if (action?.kind === 'chain') {
        if (!action.goto) waiting.push(at);
        at = built.starts.get(action.chain)!;
      } else {
        const verdict =
          action === undefined ? RETURN : (action.extension.verdict ?? line.target!(packet, place));
        if (verdict >= 0) return verdict;
        walk.forget();
        if (verdict !== RETURN) at++;
        else at = waiting.length > 0 ? waiting.pop()! + 1 : policies[state.hook]!;
      }
    }
  }

  #matched(line: Line, rule: Rule, packet: Packet): void {
    const observer = this.#hooks.observer;
    if (!observer?.matched) return;
    const { image } = this.#table.built;
    observer.matched(packet, image.name, line.chain.name, line.number, this.#text(line, rule));
  }

  #missed(walk: Walk, line: Line, rule: Rule, packet: Packet, failed: Failure): void {
    const observer = this.#hooks.observer;
    if (!observer?.missed) return;
    const { image } = this.#table.built;
    const why = failed(walk, packet);
    observer.missed(packet, image.name, line.chain.name, line.number, this.#text(line, rule), why);
  }

  #text(line: Line, rule: Rule): string {
    return `-A ${line.chain.name}${saveRule(rule, this.#names())}`;
  }

  /** The first test of a rule that fails, as a function that explains it; undefined if all hold. */
  #firstFailure(walk: Walk, line: Line, rule: Rule, packet: Packet): Failure | undefined {
    return this.#headerFailure(walk, rule.header, packet) ?? this.#testFailure(walk, line, rule, packet);
  }

  #headerFailure(walk: Walk, header: Header, packet: Packet): Failure | undefined {
    const { place } = walk;
    const six = place.family === 6;
    const size = six ? 16 : 4;
    const source = fromBytes(packet.bytes, packet.network + (six ? 8 : 12), size);
    const destination = fromBytes(packet.bytes, packet.network + (six ? 24 : 16), size);
    if (sameAddress(masked(source, header.sourceMask), header.source) === header.sourceInverted) {
      const test = saveAddress('s', header.source, header.sourceMask, header.sourceInverted);
      return () => reason(test, formatAddress(source));
    }
    if (
      sameAddress(masked(destination, header.destinationMask), header.destination) ===
      header.destinationInverted
    ) {
      const { destination: wanted, destinationMask, destinationInverted } = header;
      const test = saveAddress('d', wanted, destinationMask, destinationInverted);
      return () => reason(test, formatAddress(destination));
    }
    return (
      this.#interfaceFailure('i', header.inInterface, place.inDevice) ??
      this.#interfaceFailure('o', header.outInterface, place.outDevice) ??
      (six ? this.#protocolFailure6(walk, header, packet) : this.#protocolFailure4(walk, header, packet))
    );
  }

  #interfaceFailure(letter: string, wanted: InterfaceName, device: number): Failure | undefined {
    const name = device === 0 ? '' : this.#services.interfaces.nameOf(device);
    const pattern = wanted.text === '' ? '+' : wanted.text;
    if (fitsPattern(pattern, name) !== wanted.inverted) return undefined;
    const test = saveInterface(letter, wanted) || ` ! -${letter} +`;
    return () => reason(test, name || 'no interface here');
  }

  #protocolFailure4(walk: Walk, header: Header, packet: Packet): Failure | undefined {
    const protocol = packet.bytes[packet.network + 9]!;
    if (header.protocol !== 0 && (protocol === header.protocol) === header.protocolInverted) {
      return () => reason(saveProtocol(header, this.#names()), protocolText(protocol, this.#names()));
    }
    if ((header.fragment && walk.place.fragment === 0) !== header.fragmentInverted) {
      const value = walk.place.fragment === 0 ? 'no later fragment' : 'a later fragment';
      return () => reason(saveFragment(header), value);
    }
    return undefined;
  }

  #protocolFailure6(walk: Walk, header: Header, packet: Packet): Failure | undefined {
    if (!header.hasProtocol) return undefined;
    if (walk.ipv6ProtocolFits(packet, header.protocol, header.protocolInverted)) return undefined;
    const protocol = walk.ipv6Protocol(packet);
    const value = protocol < 0 ? 'broken extension headers' : protocolText(protocol, this.#names());
    return () => reason(saveProtocol(header, this.#names()) || ' -p all', value);
  }

  #testFailure(walk: Walk, line: Line, rule: Rule, packet: Packet): Failure | undefined {
    const { place } = walk;
    const failed = line.tests.find(({ test }) => !holds(test, packet, place));
    if (failed === undefined) return undefined;
    const { test, match } = failed;
    const { extension, values } = rule.matches[match]!;
    const context = printContext(rule, this.#names(), true);
    return () => {
      const option = test.option ? oneOption(extension, values, test.option, context) : '';
      const text = option || saveOptions(extension, values, context);
      return reason(` -m ${extension.name}${text}`, explain(test, packet, place));
    };
  }
}

type Failure = (walk: Walk, packet: Packet) => Mismatch;

function reason(test: string, value: string): Mismatch {
  return { test: test.trim(), value };
}
