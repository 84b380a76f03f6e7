import { parseAddress, printAddress } from '../../balance/address.ts';
import {
  type BackendOptions,
  BalanceProblem,
  type ProblemKind,
  type ServiceName,
} from '../../balance/api.ts';
import { DEFAULT_SCHEDULER } from '../../balance/schedulers/registry.ts';
import type { Host } from '../../host/host.ts';
import { maskPrefix4, parseIpv4 } from '../../wire/address.ts';
import type { Command, CommandResult } from '../command.ts';
import { splitWords, WordsProblem } from '../words.ts';
import { listText, saveText } from './list.ts';
import { type Asked, notSupported, Refusal, readOptions } from './options.ts';
import { USAGE, VERSION } from './usage.ts';

const MAX_TIMEOUT = 86400 * 31;
const MAX_WEIGHT = 0x7fffffff;
const DEFAULT_PERSISTENCE = 300;
/** Schedulers that Linux has besides. */
const OTHER_SCHEDULERS: ReadonlySet<string> = new Set(['lblc', 'lblcr', 'dh', 'sed', 'nq', 'fo', 'ovf']);
const SCHEDULER_FLAGS: Readonly<Record<string, string>> = {
  'sh-fallback': 'sh',
  'sh-port': 'sh',
  'mh-fallback': 'mh',
  'mh-port': 'mh',
};

/** What the real tool says to each error of the kernel; some depend on the command. */
const INVALID = 'Invalid operation.  Possibly wrong module version, address not unicast, ...';
const MESSAGES: Readonly<Record<ProblemKind, string>> = {
  'service exists': 'Service already exists',
  'no such service': 'No such service',
  'backend exists': 'Destination already exists',
  'no such backend': 'No such destination',
  'no such scheduler': 'Scheduler or persistence engine not found',
  invalid: INVALID,
};

/**
 * `ipvsadm` 1.31 for what the balancer supports. Its errors and its lists are worded as the real program words them; a
 * kernel with IPVS to compare with there was none.
 */
export const ipvsadm: Command = (host, argv, stdin) => run(host, argv.slice(1), stdin);

function run(host: Host, words: readonly string[], stdin: string): CommandResult {
  try {
    const asked = readOptions(words);
    return asked.command === 'restore'
      ? restore(host, stdin)
      : { exit: 0, stdout: perform(host, asked), stderr: '' };
  } catch (error) {
    return refused(error);
  }
}

function refused(error: unknown): CommandResult {
  if (error instanceof BalanceProblem) {
    return { exit: 255, stdout: '', stderr: `${error.message}\n` };
  }
  if (!(error instanceof Refusal)) throw error;
  const { exit, message, unsupported } = error;
  const result = { exit, stdout: '', stderr: `${message}\n` };
  return unsupported === undefined ? result : { ...result, unsupported };
}

/** Every line is a call of its own; one that is malformed ends it, one that the balancer refuses does not. */
function restore(host: Host, stdin: string): CommandResult {
  let stdout = '';
  let stderr = '';
  let exit = 0;
  for (const line of stdin.split('\n')) {
    let words: readonly string[];
    try {
      words = splitWords(line);
    } catch (error) {
      if (!(error instanceof WordsProblem)) throw error;
      return { exit: 2, stdout, stderr: `${stderr}${error.message}\n` };
    }
    if (words[0] === 'ipvsadm') words = words.slice(1);
    if (words.length === 0) continue;
    try {
      const asked = readOptions(words);
      if (asked.command === 'restore') throw new Refusal('-R cannot be used within -R');
      stdout += perform(host, asked);
    } catch (error) {
      const result = refused(error);
      stderr += result.stderr;
      exit = result.exit;
      if (error instanceof Refusal) return { ...result, stdout, stderr };
    }
  }
  return { exit, stdout, stderr };
}

function perform(host: Host, asked: Asked): string {
  const { command, options } = asked;
  const { balancer } = host;
  switch (command) {
    case 'help':
      return USAGE;
    case 'version':
      return VERSION;
    case 'save':
      return saveText(host, options.has('numeric'), !options.has('nosort'));
    case 'flush':
      balancer.clear();
      return '';
    case 'set': {
      const [tcp = 0, tcpFin = 0, udp = 0] = asked.rest.map((text) => timeout(text, 0));
      balancer.setTimeouts(tcp, tcpFin, udp);
      return '';
    }
    default:
  }
  const name = options.has('service-address') ? serviceName(host, asked) : undefined;
  if (command === 'list') {
    const service = name && balancer.findService(name);
    if (name && !service) throw new Refusal('No such service', 1);
    return listText(host, service, options);
  }
  if (command === 'zero') return reporting(command, () => balancer.zero(name));
  return name === undefined ? '' : change(host, asked, name);
}

function change(host: Host, asked: Asked, name: ServiceName): string {
  const { command, options } = asked;
  const { balancer } = host;
  if (command === 'delete-service') return reporting(command, () => balancer.removeService(name));
  if (command === 'add-service' || command === 'edit-service') {
    const given = serviceOptions(asked, name);
    return reporting(command, () =>
      command === 'add-service' ? balancer.addService(name, given) : balancer.editService(name, given),
    );
  }
  const family = 'mark' in name ? (name.family ?? 4) : (parseAddress(name.address)?.family ?? 4);
  const protocol = 'mark' in name ? undefined : name.protocol;
  const backend = endpoint(host, options.get('real-server')!, protocol);
  if (backend === undefined) throw new Refusal('illegal real server address[:port] specified');
  if (backend.family !== family) {
    throw new Refusal('Different address family is allowed only for tunneling servers');
  }
  if (command === 'delete-server') return reporting(command, () => balancer.removeBackend(name, backend));
  const given: BackendOptions = {
    weight: number(options.get('weight'), 1, 'illegal weight specified'),
    upper: number(options.get('u-threshold'), 0, 'illegal u_threshold specified'),
    lower: number(options.get('l-threshold'), 0, 'illegal l_threshold specified'),
  };
  const method = options.get('forwarding-method') ?? 'gatewaying';
  if (method !== 'masquerading') {
    const given = options.has('forwarding-method') ? '' : ', the default';
    throw notSupported(`ipvsadm forwarding method '${method}'${given} (only -m, masquerading)`);
  }
  return reporting(command, () =>
    command === 'add-server'
      ? balancer.addBackend(name, backend, given)
      : balancer.editBackend(name, backend, given),
  );
}

/** The balancer's refusal in the tool's words. */
function reporting(command: string, act: () => unknown): string {
  try {
    act();
    return '';
  } catch (error) {
    if (!(error instanceof BalanceProblem)) throw error;
    const server = command.endsWith('-server');
    const message = error.kind === 'no such service' && server ? 'Service not defined' : MESSAGES[error.kind];
    throw new BalanceProblem(error.kind, message);
  }
}

function serviceName(host: Host, { options, kind, command }: Asked): ServiceName {
  const text = options.get('service-address')!;
  if (kind === 'f') {
    const mark = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : 0;
    if (mark < 1 || mark > 0xffffffff) throw new Refusal(`invalid fwmark value \`${text}' specified`);
    return { mark, family: options.has('ipv6') ? 6 : 4 };
  }
  const protocol = kind === 'u' ? 'udp' : 'tcp';
  const place = endpoint(host, text, protocol);
  if (place === undefined) throw new Refusal('illegal virtual server address[:port] specified');
  const persistent = options.has('persistent');
  if (place.port === 0 && !persistent && (command === 'add-service' || command === 'edit-service')) {
    throw new Refusal('Zero port specified for non-persistent service');
  }
  return { protocol, address: place.address, port: place.port };
}

/** `host`, `host:port`, `[v6]:port`; names as the host knows them. */
function endpoint(host: Host, text: string, protocol: 'tcp' | 'udp' | undefined) {
  const whole = parseAddress(text);
  if (whole) return { address: text, port: 0, family: whole.family };
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(.+))?$/s.exec(text);
  if (!match) return undefined;
  const [, bracketed, bare, portText] = match;
  const { names } = host.xtables;
  const given = bracketed ?? bare ?? '';
  let address = given;
  let family = parseAddress(given)?.family;
  if (family === undefined && bare) {
    const [named] = names.hostAddresses(bare, 4);
    if (named?.[0] !== undefined) {
      address = printAddress(4, named[0]);
      family = 4;
    }
  }
  if (family === undefined || (bracketed === undefined) !== (family === 4)) return undefined;
  if (portText === undefined) return { address, port: 0, family };
  const port = /^\d+$/.test(portText) ? Number(portText) : names.servicePort(portText, protocol);
  return port === undefined || port > 65535 ? undefined : { address, port, family };
}

function serviceOptions({ options }: Asked, name: ServiceName) {
  const scheduler = options.get('scheduler') ?? DEFAULT_SCHEDULER;
  if (OTHER_SCHEDULERS.has(scheduler)) throw notSupported(`ipvsadm scheduler '${scheduler}'`);
  const flags = (options.get('sched-flags') ?? '').split(',').filter((flag) => flag !== '');
  for (const flag of flags) {
    const of = SCHEDULER_FLAGS[flag];
    if (of === undefined) throw new Refusal(`invalid scheduler flag \`${flag}'`);
    if (of !== scheduler) throw new Refusal(`incompatible scheduler flag \`${flag}'`);
  }
  const asked = options.get('persistent');
  const persistence = asked === undefined ? 0 : asked === '' ? DEFAULT_PERSISTENCE : timeout(asked, 1);
  const six = 'mark' in name ? name.family === 6 : name.address.includes(':');
  const mask = options.get('netmask');
  return {
    scheduler,
    flags,
    persistence,
    prefix: mask === undefined ? (six ? 128 : 32) : prefixOf(mask, six),
  };
}

function prefixOf(mask: string, six: boolean): number {
  if (six) {
    const length = /^\d+$/.test(mask) ? Number(mask) : 0;
    if (length < 1 || length > 128) throw new Refusal('illegal ipv6 netmask specified');
    return length;
  }
  const address = parseIpv4(mask);
  if (address === undefined) throw new Refusal('illegal netmask specified');
  const bits = maskPrefix4(address);
  if (bits === undefined) throw notSupported(`ipvsadm -M ${mask} (a netmask with holes)`);
  return bits;
}

function timeout(text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  if (value >= least && value <= MAX_TIMEOUT) return value;
  throw new Refusal(`invalid timeout value \`${text}' specified`);
}

function number(text: string | undefined, otherwise: number, problem: string): number {
  if (text === undefined) return otherwise;
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  if (value >= 0 && value <= MAX_WEIGHT) return value;
  throw new Refusal(problem);
}
