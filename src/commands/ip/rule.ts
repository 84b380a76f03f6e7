import type { Host } from '../../host/host.ts';
import type { PolicyRule, PolicyRules, RuleAction } from '../../host/routing/rules.ts';
import { policyRule } from '../../host/routing/rules.ts';
import { fromBytes, toBytes } from '../../xtables/address.ts';
import { type Arguments, abbreviated, IpProblem, invalid, kernelSays, wholeNumber } from './arguments.ts';
import { tableName } from './names.ts';
import type { IpObject, IpOptions } from './object.ts';
import { addressText } from './prefix.ts';
import { readRealms, realmsText } from './realms.ts';
import { tableWord } from './route-words.ts';

const COMMANDS = ['show', 'list', 'lst', 'add', 'delete', 'flush', 'save', 'restore'] as const;
const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  dccp: 33,
  gre: 47,
  esp: 50,
  ah: 51,
  'ipv6-icmp': 58,
  sctp: 132,
};
/** What a rule says of its maker if nothing else was asked for. */
const MADE_BY_BOOT = 3;

/** `ip rule` */
export const rule: IpObject = (host, args, options) => {
  const typed = args.more ? args.next() : 'show';
  const command = abbreviated(typed, COMMANDS);
  switch (command) {
    case 'show':
    case 'list':
    case 'lst':
      return show(host, args, options);
    case 'add':
      add(host, args, options);
      return '';
    case 'delete':
      remove(host, args, options);
      return '';
    case 'flush': {
      const rules = rulesOf(host, options.family ?? 4);
      for (const old of rules.list()) if (old.priority !== 0) rules.remove(old);
      return '';
    }
    default:
      throw new IpProblem(`Command "${typed}" is unknown, try "ip rule help".\n`, 255);
  }
};

function rulesOf(host: Host, family: 4 | 6): PolicyRules {
  return family === 4 ? host.routing4.rules : host.routing6.rules;
}

type Given = { -readonly [K in keyof PolicyRule]?: PolicyRule[K] } & { family?: 4 | 6 };

function readRule(args: Arguments, options: IpOptions): Given {
  const given: Given = {};
  if (options.family) given.family = options.family;
  const family = () => given.family;
  const prefix = () => {
    const read = args.prefix(family());
    if (read.explicit || read.length > 0) given.family ??= read.family;
    return read;
  };
  while (args.more) {
    if (args.accept('not')) given.inverted = true;
    else if (args.accept('from')) {
      const read = prefix();
      given.source = Int32Array.from(fromBytes(read.bytes));
      given.sourceLength = read.length;
    } else if (args.accept('to')) {
      const read = prefix();
      given.destination = Int32Array.from(fromBytes(read.bytes));
      given.destinationLength = read.length;
    } else if (args.acceptShort('preference', 'priority') || args.accept('order')) {
      given.priority = args.number('preference value is invalid\n');
    } else if (args.accept('tos') || args.acceptShort('dsfield'))
      given.tos = args.number('TOS value is invalid\n', 0, 255);
    else if (args.accept('fwmark')) readMark(args, given);
    else if (args.acceptShort('realms')) given.realm = readRealms(args, 'invalid realms\n');
    else if (args.acceptShort('table') || args.accept('lookup')) {
      given.table = tableWord(args.next(), 'invalid table ID\n');
    } else if (args.accept('dev', 'iif')) given.inInterface = args.next();
    else if (args.accept('oif')) given.outInterface = args.next();
    else if (args.accept('suppress_prefixlength', 'sup_pl')) {
      given.suppressPrefixLength = args.number('suppress_prefixlength value is invalid\n', 0, 128);
    } else if (args.accept('uidrange')) given.uids = range(args.next(), 'uidrange');
    else if (args.accept('ipproto')) {
      const word = args.next();
      const number = PROTOCOL_NUMBERS[word] ?? wholeNumber(word);
      if (number === undefined) throw invalid(word, 'Invalid "ipproto" value\n');
      given.protocol = number;
    } else if (args.accept('sport')) given.sourcePorts = range(args.next(), 'sport');
    else if (args.accept('dport')) given.destinationPorts = range(args.next(), 'dport');
    else if (args.accept('protocol'))
      given.protocolOfOrigin = args.number('"protocol" value is invalid\n', 0, 255);
    else if (args.accept('goto')) {
      given.action = 'goto';
      given.target = args.number('target value is invalid\n');
    } else if (args.accept('nop')) given.action = 'nop';
    else {
      args.accept('type');
      readAction(args, given);
    }
  }
  return given;
}

function readAction(args: Arguments, given: Given): void {
  const word = args.next();
  if (word === 'blackhole' || word === 'unreachable' || word === 'prohibit') given.action = word;
  else if (word !== 'unicast')
    throw new IpProblem(`Error: argument "${word}" is wrong: Failed to parse rule type\n`, 255);
}

function readMark(args: Arguments, given: Given): void {
  const word = args.next();
  const [value, mask] = word.split('/');
  const mark = wholeNumber(value ?? '');
  const bits = mask === undefined ? 0xffffffff : wholeNumber(mask);
  if (mark === undefined) throw invalid(value ?? '', 'fwmark value is invalid\n');
  if (bits === undefined) throw invalid(mask ?? '', 'fwmask value is invalid\n');
  given.mark = mark;
  given.markMask = bits;
}

function range(word: string, name: string): readonly number[] {
  const found = /^(\d+)(?:-(\d+))?$/.exec(word);
  if (!found) throw invalid(word, `invalid ${name}\n`);
  const from = Number(found[1]);
  return [from, found[2] === undefined ? from : Number(found[2])];
}

function add(host: Host, args: Arguments, options: IpOptions): void {
  const { family = 4, ...given } = readRule(args, options);
  const rules = rulesOf(host, family);
  const priority = given.priority ?? rules.nextPriority;
  const made = policyRule(family === 4 ? 1 : 4, { protocolOfOrigin: MADE_BY_BOOT, ...given, priority });
  if (made.action === 'goto' && made.target <= made.priority) throw kernelSays('Invalid argument');
  // A rule with a priority of its own must not be there already (rule_exists under NLM_F_EXCL).
  if (given.priority !== undefined && rules.list().some((other) => same(other, made)))
    throw kernelSays('File exists');
  rules.add(made);
}

const KEYS = [
  'priority',
  'action',
  'table',
  'target',
  'sourceLength',
  'destinationLength',
  'inverted',
  'inInterface',
  'outInterface',
  'tos',
  'mark',
  'markMask',
  'protocol',
  'suppressPrefixLength',
] as const;
const LISTS = ['source', 'destination', 'sourcePorts', 'destinationPorts', 'uids'] as const;

function same(a: PolicyRule, b: PolicyRule): boolean {
  return KEYS.every((key) => a[key] === b[key]) && LISTS.every((key) => sameList(a[key], b[key]));
}

function sameList(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((value, index) => value === b[index]);
}

/** Removes the first rule that has all that was typed. */
function remove(host: Host, args: Arguments, options: IpOptions): void {
  if (!args.more) throw new IpProblem('"ip rule del" requires arguments.\n', 255);
  const { family = 4, ...given } = readRule(args, options);
  const rules = rulesOf(host, family);
  const found = rules.list().find((candidate) =>
    Object.entries(given).every(([key, value]) => {
      const own = candidate[key as keyof PolicyRule];
      if (typeof value === 'object' && typeof own === 'object') return sameList(own, value);
      return own === value;
    }),
  );
  if (!found) throw kernelSays('No such file or directory');
  rules.remove(found);
}

function show(host: Host, args: Arguments, options: IpOptions): string {
  const wanted = args.more ? readRule(args, options) : {};
  const family = options.family ?? wanted.family ?? 4;
  const rules = rulesOf(host, family).list();
  const { family: _, ...filter } = wanted;
  const shown = rules.filter((one) =>
    Object.entries(filter).every(
      ([key, value]) => typeof value === 'object' || one[key as keyof PolicyRule] === value,
    ),
  );
  if (options.json) return `${JSON.stringify(shown.map(json))}\n`;
  return shown.map((one) => ruleText(one, rules)).join('');
}

function prefixText(words: Int32Array, length: number): string {
  const text = addressText(toBytes([...words]));
  return length === words.length * 32 ? text : `${text}/${length}`;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function ruleText(one: PolicyRule, all: readonly PolicyRule[]): string {
  let text = `${one.priority}:\t${one.inverted ? 'not ' : ''}`;
  text += `from ${one.sourceLength > 0 ? prefixText(one.source, one.sourceLength) : 'all'} `;
  if (one.destinationLength > 0) text += `to ${prefixText(one.destination, one.destinationLength)} `;
  if (one.tos !== 0) text += `tos ${hex(one.tos)} `;
  if (one.mark !== 0 || one.markMask !== 0) {
    text += `fwmark ${hex(one.mark)}${one.markMask === 0xffffffff ? '' : `/${hex(one.markMask)}`} `;
  }
  if (one.inInterface !== '') text += `iif ${one.inInterface} `;
  if (one.outInterface !== '') text += `oif ${one.outInterface} `;
  if (one.uids.length > 0) text += `uidrange ${one.uids[0]}-${one.uids[1]} `;
  if (one.protocol !== 0) text += `ipproto ${protocolText(one.protocol)} `;
  if (one.sourcePorts.length > 0) text += `sport ${rangeText(one.sourcePorts)} `;
  if (one.destinationPorts.length > 0) text += `dport ${rangeText(one.destinationPorts)} `;
  text += actionText(one, all);
  if (one.suppressPrefixLength >= 0) text += ` suppress_prefixlength ${one.suppressPrefixLength}`;
  if (one.realm !== 0) text += ` realms ${realmsText(one.realm)}`;
  return `${text}\n`;
}

function actionText(one: PolicyRule, all: readonly PolicyRule[]): string {
  const action: RuleAction = one.action;
  if (action === 'table') return `lookup ${tableName(one.table)}`;
  if (action === 'goto')
    return `goto ${one.target}${all.some(({ priority }) => priority === one.target) ? '' : ' [unresolved]'}`;
  return action;
}

function protocolText(protocol: number): string {
  return (
    Object.keys(PROTOCOL_NUMBERS).find((name) => PROTOCOL_NUMBERS[name] === protocol) ?? String(protocol)
  );
}

function rangeText([from, to]: readonly number[]): string {
  return from === to ? String(from) : `${from}-${to}`;
}

function json(one: PolicyRule): Record<string, unknown> {
  const length = one.source.length * 32;
  return {
    priority: one.priority,
    ...(one.inverted ? { not: null } : {}),
    src: one.sourceLength > 0 ? addressText(toBytes([...one.source])) : 'all',
    ...(one.sourceLength > 0 && one.sourceLength < length ? { srclen: one.sourceLength } : {}),
    ...(one.destinationLength > 0 ? { dst: addressText(toBytes([...one.destination])) } : {}),
    ...(one.destinationLength > 0 && one.destinationLength < length ? { dstlen: one.destinationLength } : {}),
    ...(one.tos !== 0 ? { tos: hex(one.tos) } : {}),
    ...(one.markMask !== 0 ? { fwmark: hex(one.mark) } : {}),
    ...(one.markMask !== 0 && one.markMask !== 0xffffffff ? { fwmask: hex(one.markMask) } : {}),
    ...(one.inInterface !== '' ? { iif: one.inInterface } : {}),
    ...(one.outInterface !== '' ? { oif: one.outInterface } : {}),
    ...(one.action === 'table' ? { table: tableName(one.table) } : { action: one.action }),
  };
}
