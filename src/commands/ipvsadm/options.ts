/** What one call of ipvsadm asks for: its command and options as they were given, checked against each other. */
export interface Asked {
  readonly command: CommandName;
  readonly options: ReadonlyMap<OptionName, string>;
  /** Words behind the options. */
  readonly rest: readonly string[];
  /** `-t`, `-u` or `-f`. */
  readonly kind: 't' | 'u' | 'f';
}

export type CommandName =
  | 'add-service'
  | 'edit-service'
  | 'delete-service'
  | 'flush'
  | 'restore'
  | 'save'
  | 'add-server'
  | 'edit-server'
  | 'delete-server'
  | 'list'
  | 'zero'
  | 'set'
  | 'help'
  | 'version';

export type OptionName =
  | 'numeric'
  | 'connection'
  | 'service-address'
  | 'scheduler'
  | 'persistent'
  | 'netmask'
  | 'real-server'
  | 'forwarding-method'
  | 'weight'
  | 'u-threshold'
  | 'l-threshold'
  | 'timeout'
  | 'stats'
  | 'rate'
  | 'thresholds'
  | 'persistent-conn'
  | 'nosort'
  | 'exact'
  | 'ipv6'
  | 'sched-flags';

/** A call that is refused: what standard error says, and the exit status. */
export class Refusal extends Error {
  readonly exit: number;
  /** Set if real Linux has it. */
  readonly unsupported: string | undefined;

  constructor(message: string, exit = 2, unsupported?: string) {
    super(message);
    this.name = 'Refusal';
    this.exit = exit;
    this.unsupported = unsupported;
  }
}

export function notSupported(what: string): Refusal {
  return new Refusal(`not supported yet: ${what}`, 1, what);
}

interface Word {
  readonly short?: string;
  readonly long: string;
  readonly argument?: 'needed' | 'optional';
  readonly command?: CommandName;
  readonly option?: OptionName;
  /** Given without an argument it means this. */
  readonly value?: string;
  /** Real ipvsadm has it, the balancer does not. */
  readonly missing?: string;
}

const WORDS: readonly Word[] = [
  { short: 'A', long: 'add-service', command: 'add-service' },
  { short: 'E', long: 'edit-service', command: 'edit-service' },
  { short: 'D', long: 'delete-service', command: 'delete-service' },
  { short: 'C', long: 'clear', command: 'flush' },
  { short: 'R', long: 'restore', command: 'restore' },
  { short: 'S', long: 'save', command: 'save' },
  { short: 'a', long: 'add-server', command: 'add-server' },
  { short: 'e', long: 'edit-server', command: 'edit-server' },
  { short: 'd', long: 'delete-server', command: 'delete-server' },
  { short: 'L', long: 'list', command: 'list' },
  { short: 'l', long: 'list', command: 'list' },
  { short: 'Z', long: 'zero', command: 'zero' },
  { long: 'set', command: 'set' },
  { short: 'h', long: 'help', command: 'help' },
  { short: 'v', long: 'version', command: 'version' },
  { long: 'start-daemon', missing: 'ipvsadm --start-daemon (connection synchronisation)' },
  { long: 'stop-daemon', missing: 'ipvsadm --stop-daemon (connection synchronisation)' },
  { short: 't', long: 'tcp-service', argument: 'needed', option: 'service-address' },
  { short: 'u', long: 'udp-service', argument: 'needed', option: 'service-address' },
  { long: 'sctp-service', missing: 'ipvsadm --sctp-service (only TCP and UDP are balanced)' },
  { short: 'f', long: 'fwmark-service', argument: 'needed', option: 'service-address' },
  { short: '6', long: 'ipv6', option: 'ipv6' },
  { short: 's', long: 'scheduler', argument: 'needed', option: 'scheduler' },
  { short: 'p', long: 'persistent', argument: 'optional', option: 'persistent' },
  { short: 'M', long: 'netmask', argument: 'needed', option: 'netmask' },
  { long: 'pe', missing: 'ipvsadm --pe (persistence engines)' },
  { short: 'b', long: 'sched-flags', argument: 'needed', option: 'sched-flags' },
  { short: 'r', long: 'real-server', argument: 'needed', option: 'real-server' },
  { short: 'g', long: 'gatewaying', option: 'forwarding-method', value: 'gatewaying' },
  { short: 'i', long: 'ipip', option: 'forwarding-method', value: 'ipip' },
  { short: 'm', long: 'masquerading', option: 'forwarding-method', value: 'masquerading' },
  ...['tun-type', 'tun-port', 'tun-nocsum', 'tun-csum', 'tun-remcsum', 'tun-info'].map((long) => ({
    long,
    missing: `ipvsadm --${long} (tunnels)`,
  })),
  { short: 'w', long: 'weight', argument: 'needed', option: 'weight' },
  { short: 'x', long: 'u-threshold', argument: 'needed', option: 'u-threshold' },
  { short: 'y', long: 'l-threshold', argument: 'needed', option: 'l-threshold' },
  { short: 'c', long: 'connection', option: 'connection' },
  { long: 'timeout', option: 'timeout' },
  { long: 'daemon', missing: 'ipvsadm --daemon (connection synchronisation)' },
  { long: 'stats', option: 'stats' },
  { long: 'rate', option: 'rate' },
  { long: 'thresholds', option: 'thresholds' },
  { long: 'persistent-conn', option: 'persistent-conn' },
  { long: 'nosort', option: 'nosort' },
  { long: 'sort' },
  { long: 'exact', option: 'exact' },
  { short: 'o', long: 'ops', missing: 'ipvsadm --ops (one-packet scheduling)' },
  { short: 'n', long: 'numeric', option: 'numeric' },
];

const SERVICE_OPTIONS = ['scheduler', 'persistent', 'netmask', 'ipv6', 'sched-flags'] as const;
const SERVER_OPTIONS = ['forwarding-method', 'weight', 'u-threshold', 'l-threshold', 'ipv6'] as const;
const LIST_OPTIONS = [
  ...(['numeric', 'connection', 'timeout', 'stats', 'rate', 'thresholds', 'persistent-conn'] as const),
  ...(['nosort', 'exact', 'ipv6', 'service-address'] as const),
];

/** What each command must have, and what it may have besides. */
const ALLOWED: Readonly<Record<CommandName, readonly [readonly OptionName[], readonly OptionName[]]>> = {
  'add-service': [['service-address'], SERVICE_OPTIONS],
  'edit-service': [['service-address'], SERVICE_OPTIONS],
  'delete-service': [['service-address'], ['ipv6']],
  flush: [[], []],
  restore: [[], []],
  save: [[], ['numeric', 'nosort']],
  'add-server': [['service-address', 'real-server'], SERVER_OPTIONS],
  'edit-server': [['service-address', 'real-server'], SERVER_OPTIONS],
  'delete-server': [['service-address', 'real-server'], ['ipv6']],
  list: [[], LIST_OPTIONS],
  zero: [[], ['service-address', 'ipv6']],
  set: [[], []],
  help: [[], LIST_OPTIONS],
  version: [[], LIST_OPTIONS],
};

const TRY_HELP = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.";

/** Reads the words behind the program's name. @throws {Refusal} */
export function readOptions(words: readonly string[]): Asked {
  const options = new Map<OptionName, string>();
  const rest: string[] = [];
  let command: CommandName | undefined;
  let kind: Asked['kind'] = 't';
  const queue = [...words];
  for (let first = true; queue.length > 0; first = false) {
    const given = queue.shift()!;
    if (!given.startsWith('-') || given === '-') {
      if (first) throw new Refusal(TRY_HELP, 255);
      rest.push(given);
      continue;
    }
    const { word, text, argument } = identify(given, queue);
    if (word === undefined) throw new Refusal(first ? TRY_HELP : `${text}: unknown option`, 255);
    if (word.missing) throw notSupported(word.missing);
    if (word.command) {
      if (!first) throw new Refusal(`invalid option \`${text}'`);
      command = word.command;
      continue;
    }
    if (first) throw new Refusal(TRY_HELP, 255);
    const name = word.option;
    if (name === undefined) continue;
    if (name === 'ipv6' && (!options.has('service-address') || kind !== 'f')) {
      throw new Refusal('-6 used before -f\n');
    }
    if (options.has(name)) throw new Refusal(`multiple '${name}' options specified`);
    if (name === 'service-address') kind = word.short === 'u' ? 'u' : word.short === 'f' ? 'f' : 't';
    options.set(name, argument ?? word.value ?? '');
  }
  const asked: Asked = { command: command ?? 'list', options, rest, kind };
  check(asked);
  return asked;
}

/** Which word it is, with its argument; letters run together are put back into the queue. */
function identify(given: string, queue: string[]): { word?: Word; text: string; argument?: string } {
  let word: Word | undefined;
  let text = given;
  let attached: string | undefined;
  if (given.startsWith('--')) {
    const equals = given.indexOf('=');
    text = equals < 0 ? given : given.slice(0, equals);
    if (equals >= 0) attached = given.slice(equals + 1);
    word = WORDS.find(({ long }) => `--${long}` === text);
  } else {
    text = given.slice(0, 2);
    word = WORDS.find(({ short }) => short === given[1]);
    if (word?.argument === 'needed' && given.length > 2) attached = given.slice(2).replace(/^=/, '');
    else if (given.length > 2) queue.unshift(`-${given.slice(2)}`);
  }
  if (word?.argument === 'needed') {
    const argument = attached ?? queue.shift();
    if (argument === undefined) throw new Refusal(`${text}: missing argument`, 255);
    return { word, text, argument };
  }
  if (word?.argument === 'optional') {
    const next = attached ?? (queue[0]?.startsWith('-') === false ? queue.shift() : undefined);
    return next === undefined ? { word, text } : { word, text, argument: next };
  }
  return word ? { word, text } : { text };
}

function check({ command, options, rest }: Asked): void {
  if (command === 'set') {
    if (rest.length !== 3) throw new Refusal('--set option requires 3 timeout values');
  } else if (rest.length > 0 && command !== 'help') {
    throw new Refusal(`unexpected argument ${rest[0]}`);
  }
  const [needed, optional] = ALLOWED[command];
  for (const name of needed) {
    if (options.has(name)) continue;
    throw new Refusal(`You need to supply the '${name}' option for the '${command}' command`);
  }
  for (const name of options.keys()) {
    if (needed.includes(name) || optional.includes(name)) continue;
    throw new Refusal(`Illegal '${name}' option with the '${command}' command`);
  }
}
