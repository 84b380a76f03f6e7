import type { Sender } from '../netfilter/packet.ts';
import { plainCgroup } from '../xtables/cgroups.ts';
import {
  type FieldPath,
  FieldProblem,
  readInteger,
  readList,
  readObject,
  readText,
  requireText,
  shown,
} from './fields.ts';
import { fromHex } from './hex.ts';
import { checkInterface, type HostDescription, readHostDescription } from './host-description.ts';

/** What happens to a host, one thing after the other. */
export type ScenarioStep =
  /** A frame arrives at an interface. */
  | { readonly kind: 'in'; readonly device: string; readonly frame: Uint8Array }
  /** A local process sends a whole IP packet. */
  | {
      readonly kind: 'send';
      readonly packet: Uint8Array;
      readonly sender: Sender;
    }
  /** Seconds pass. */
  | { readonly kind: 'wait'; readonly seconds: number }
  /** An administrator's command. */
  | { readonly kind: 'run'; readonly line: string; readonly stdin: string };

/** A host and what happens to it (conformance/FORMAT.md, "Scenario"). */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly tags: readonly string[];
  readonly host: HostDescription;
  readonly steps: readonly ScenarioStep[];
  /** The host's rules are meant to be refused. */
  readonly loadFails: boolean;
  /** Ports from which the kernel chooses at random in this scenario. */
  readonly randomPorts: readonly [number, number] | undefined;
}

const FIELDS = ['name', 'about', 'tags', 'host', 'steps', 'load_fails', 'random_ports'];
const MAX_FRAME = 65535 + 18;
const MAX_WAIT = 1e9;

/**
 * Reads the plain value of a scenario's document.
 * @throws {FieldProblem} on anything that is not as FORMAT.md says.
 */
export function readScenario(value: unknown): Scenario {
  if (typeof value === 'object' && value !== null && 'kernel' in value && !('host' in value))
    throw new FieldProblem([], 'this is a recording; a scenario has the fields name, host and steps');
  const fields = readObject(value, [], 'a scenario', FIELDS);
  const host = readHostDescription(fields.host, ['host']);
  const interfaces = new Set(host.interfaces.map((i) => i.name));
  if (fields.steps === undefined) throw new FieldProblem(['steps'], 'must be a list of steps, is nothing');
  const loadFails = fields.load_fails ?? false;
  if (typeof loadFails !== 'boolean')
    throw new FieldProblem(['load_fails'], `must be true or false, is ${shown(loadFails)}`);
  return {
    name: readName(fields.name),
    about: readText(fields.about, ['about']),
    tags: readList(fields.tags, ['tags'], (tag, path) => requireText(tag, path, 'ipv4')),
    host,
    steps: readList(fields.steps, ['steps'], (step, path) => readStep(step, path, interfaces)),
    loadFails,
    randomPorts: readPorts(fields.random_ports),
  };
}

function readName(value: unknown): string {
  const name = requireText(value, ['name'], 'dnat-port-forward');
  if (/[/\\\0]/.test(name) || name === '.' || name === '..')
    throw new FieldProblem(['name'], `'${name}' cannot be a file's name`);
  return name;
}

function readPorts(value: unknown): readonly [number, number] | undefined {
  if (value === undefined) return undefined;
  const ports = readList(value, ['random_ports'], (port, path) => readInteger(port, path, 0, 65535));
  if (ports.length !== 2)
    throw new FieldProblem(['random_ports'], 'must be two ports, the lowest and the highest');
  return [ports[0]!, ports[1]!];
}

function readStep(value: unknown, path: FieldPath, interfaces: ReadonlySet<string>): ScenarioStep {
  const fields = readObject(value, path, 'a step', STEP_FIELDS);
  for (const [kind, allowed] of Object.entries(STEPS)) {
    if (!(kind in fields)) continue;
    readObject(value, path, `a step '${kind}'`, allowed);
    return READERS[kind as keyof typeof STEPS](fields, path, interfaces);
  }
  throw new FieldProblem(path, "a step has 'in' and 'frame', or 'send', or 'wait', or 'run'");
}

function readGroups(value: unknown, path: FieldPath): readonly number[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new FieldProblem(path, `must be a list of numbers, is ${shown(value)}`);
  return value.map((group, index) => readInteger(group, [...path, index], 0, 0xffffffff));
}

/** The kinds of steps, by the field that tells them, and the fields of each. */
const STEPS = {
  in: ['in', 'frame'],
  send: ['send', 'uid', 'gid', 'groups', 'mark', 'cgroup', 'classid'],
  wait: ['wait'],
  run: ['run', 'stdin'],
} as const;
const STEP_FIELDS: readonly string[] = Object.values(STEPS).flat();

type Fields = Readonly<Record<string, unknown>>;
type StepReader = (fields: Fields, path: FieldPath, interfaces: ReadonlySet<string>) => ScenarioStep;

const READERS: Readonly<Record<keyof typeof STEPS, StepReader>> = {
  in(fields, path, interfaces) {
    const device = requireText(fields.in, [...path, 'in'], 'lan0');
    checkInterface(device, [...path, 'in'], interfaces);
    const frame = readBytes(fields.frame, [...path, 'frame'], 'Ethernet frame');
    return { kind: 'in', device, frame };
  },
  send(fields, path) {
    const id = (key: string) => readInteger(fields[key] ?? 0, [...path, key], 0, 0xffffffff);
    const packet = readBytes(fields.send, [...path, 'send'], 'IP packet');
    const cgroup = plainCgroup(readText(fields.cgroup, [...path, 'cgroup']));
    return {
      kind: 'send',
      packet,
      sender: {
        uid: id('uid'),
        gid: id('gid'),
        groups: readGroups(fields.groups, [...path, 'groups']),
        mark: id('mark'),
        cgroup,
        classId: id('classid'),
      },
    };
  },
  wait(fields, path) {
    const seconds = fields.wait;
    if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= MAX_WAIT))
      throw new FieldProblem(
        [...path, 'wait'],
        `must be a number of seconds, at least 0, is ${shown(seconds)}`,
      );
    return { kind: 'wait', seconds };
  },
  run(fields, path) {
    const line = requireText(fields.run, [...path, 'run'], 'iptables -t nat -F PREROUTING');
    return { kind: 'run', line, stdin: readText(fields.stdin, [...path, 'stdin']) };
  },
};

function readBytes(value: unknown, path: FieldPath, what: string): Uint8Array {
  const text = requireText(value, path, '4500001c…');
  const bytes = fromHex(text);
  if (!bytes) {
    const at = text.search(/[^0-9a-fA-F]/);
    const why = at < 0 ? 'has an odd number of digits' : `has '${text[at]}' at character ${at + 1}`;
    throw new FieldProblem(path, `must be the hexadecimal digits of a whole ${what}, ${why}`);
  }
  if (bytes.length > MAX_FRAME)
    throw new FieldProblem(path, `is ${bytes.length} bytes long; an ${what} has at most ${MAX_FRAME}`);
  return bytes;
}
