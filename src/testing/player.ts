import { runCommand } from '../commands/index.ts';
import { splitWords, WordsProblem } from '../commands/words.ts';
import { connectionLine, expectationLine } from '../conntrack/text.ts';
import { buildHost, HostLoadProblem } from '../formats/build-host.ts';
import { bytesOfText } from '../formats/bytes-text.ts';
import { toHex } from '../formats/hex.ts';
import { usesIpv6 } from '../formats/host-description.ts';
import type { PlayedRecording, RecordedFrame, RecordedStep, Recording } from '../formats/recording.ts';
import type { Scenario, ScenarioStep } from '../formats/scenario.ts';
import type { Host } from '../host/host.ts';
import type { Family } from '../netfilter/constants.ts';
import { NotSupportedYet } from '../netfilter/unsupported.ts';
import { isListenerReport } from './noise.ts';

/** The kernel and the tools that the engine does as. */
export const KERNEL = '6.18.44';
export const TOOLS = 'iptables v1.8.9 (legacy)';

/** Seconds since 1970 at which a player's clock starts unless it is told: 2026-11-23 00:00 UTC. */
export const START_TIME = 1795392000;

export interface PlayOptions {
  /** Seconds since 1970 (UTC) when the first step begins; {@link START_TIME} if left out. */
  readonly time?: number;
  /** Seed of the host's random numbers. */
  readonly seed?: number;
  /** The host borrows the tables of another one, as tests of rulesets do it. */
  readonly borrow?: boolean;
}

/** What playing a scenario came to. */
export type Played =
  | { readonly kind: 'played'; readonly recording: Recording }
  /** It needs what is not there yet: `match state`. */
  | { readonly kind: 'refused'; readonly cause: string }
  /** It cannot be played by anyone: a command that takes no quotes, a socket that cannot be bound. */
  | { readonly kind: 'broken'; readonly problem: string };

/** Plays a scenario from a fresh host to its end. Nothing in a scenario makes this throw. */
export function playScenario(scenario: Scenario, options: PlayOptions = {}): Played {
  try {
    return { kind: 'played', recording: play(scenario, options) };
  } catch (error) {
    if (error instanceof NotSupportedYet) return { kind: 'refused', cause: error.what };
    if (error instanceof HostLoadProblem && error.unsupported)
      return { kind: 'refused', cause: error.unsupported };
    if (error instanceof HostLoadProblem || error instanceof WordsProblem)
      return { kind: 'broken', problem: error.message };
    throw error;
  }
}

function play(scenario: Scenario, options: PlayOptions): Recording {
  const head = { name: scenario.name, kernel: KERNEL, tools: TOOLS };
  const time = options.time ?? START_TIME;
  let host: Host;
  try {
    const seed = options.seed === undefined ? {} : { seed: options.seed };
    const hostOptions = { epoch: Math.round(time * 1e6), ...seed };
    const lent = options.borrow ? buildHost(scenario.host, hostOptions, ['host']) : undefined;
    host = buildHost(scenario.host, hostOptions, ['host'], lent);
  } catch (error) {
    if (!(error instanceof HostLoadProblem) || error.unsupported || error.what === 'socket') throw error;
    return { ...head, load: { what: error.what, exit: error.exit, stderr: error.stderr } };
  }
  const watch = new Watch(host, scenario);
  const steps = scenario.steps.map((step, index) => {
    try {
      return watch.play(step);
    } catch (error) {
      if (error instanceof WordsProblem) throw new WordsProblem(`steps[${index}].run: ${error.message}`);
      throw error;
    }
  });
  return { ...head, time, steps, ...ending(host) };
}

type Ending = Pick<PlayedRecording, 'iptables' | 'ip6tables' | 'conntrack' | 'expectations' | 'ipset'>;

function ending(host: Host): Ending {
  return {
    iptables: savedRules(host, 'iptables'),
    ip6tables: savedRules(host, 'ip6tables'),
    conntrack: [...host.conntrack.connections()].map((connection) =>
      connectionLine(connection, host.conntrack),
    ),
    expectations: [...host.conntrack.expectations].map((expected) =>
      expectationLine(expected, host.conntrack),
    ),
    ipset: runCommand(host, ['ipset', 'save', '-sorted'])
      .stdout.split('\n')
      .filter((line) => line !== ''),
  };
}

function savedRules(host: Host, tool: string): string {
  const { stdout } = runCommand(host, [`${tool}-save`, '-c'], '');
  const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => `${line}\n`).join('');
}

/** Collects what a host does, step by step. */
class Watch {
  readonly #host: Host;
  #out: RecordedFrame[] = [];
  #log: string[] = [];
  #path: string[] = [];
  /** Whether the raw table of each family was there before the step. */
  #raw: Record<Family, boolean> = { 4: false, 6: false };

  constructor(host: Host, scenario: Scenario) {
    this.#host = host;
    const ipv6 = usesIpv6(scenario.host);
    const devices = new Set(scenario.host.interfaces.map((i) => i.name));
    host.transmit = (dev, frame) => {
      if (devices.has(dev) && !isListenerReport(frame)) this.#out.push({ dev, frame: toHex(frame) });
    };
    host.log = (line) => {
      // The recorder keeps the lines about packets (kernelhost.py, packet_lines).
      if (line.includes('IN=') && line.includes('OUT=')) this.#log.push(line);
    };
    host.observer = {
      step: (packet, table, chain, kind, number) => {
        if (packet.family === 6 && !ipv6) return;
        if (table === 'raw' && !this.#raw[packet.family]) return;
        this.#path.push(`${table}:${chain}:${kind}:${number}`);
      },
    };
  }

  play(step: ScenarioStep): RecordedStep {
    this.#out = [];
    this.#log = [];
    this.#path = [];
    this.#raw = { 4: hasRaw(this.#host, 4), 6: hasRaw(this.#host, 6) };
    const answer = this.#do(step);
    return { out: this.#out, log: this.#log, path: this.#path, ...answer };
  }

  #do(step: ScenarioStep): Pick<RecordedStep, 'error' | 'exit' | 'stdout' | 'stderr'> {
    const host = this.#host;
    switch (step.kind) {
      case 'in':
        host.receive(step.device, step.frame);
        return {};
      case 'send': {
        const error = host.send(step.packet, step.sender);
        return error ? { error } : {};
      }
      case 'wait':
        host.advance(step.seconds);
        return {};
      case 'run': {
        // The words reach the command as UTF-8, its standard input is bytes already (kernelhost.py, command).
        const words = splitWords(step.line).map(bytesOfText);
        if (words.length === 0) throw new WordsProblem('there is no command');
        const result = runCommand(host, words, step.stdin);
        if (result.unsupported) throw new NotSupportedYet(result.unsupported);
        return { exit: result.exit, stdout: withoutComments(result.stdout), stderr: result.stderr };
      }
    }
  }
}

function hasRaw(host: Host, family: Family): boolean {
  return host.xtables.tables(family).some((table) => table.name === 'raw');
}

/** The output of a command without the lines of iptables-save that tell the time. */
function withoutComments(text: string): string {
  return text
    .split(/(?<=\n)/)
    .filter((line) => !line.startsWith('#'))
    .join('');
}
