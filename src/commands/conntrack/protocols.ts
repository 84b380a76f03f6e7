import { SCTP_STATE_NAMES } from '../../conntrack/protocols/sctp-state.ts';
import { TCP_STATE_NAMES } from '../../conntrack/protocols/tcp-state.ts';
import type { LongOption } from '../iptables/getopt.ts';
import type { CommandKey } from './options.ts';
import { wrong } from './problem.ts';

/** Values that a protocol's options set: by the name of the first option for them. */
export type ProtocolValues = Map<string, number>;

/** A protocol that the command knows options of. */
export interface ProtocolOptions {
  readonly name: string;
  readonly protocol: number;
  readonly options: readonly LongOption<string>[];
  /** Names of source and destination in messages; undefined if it has no parts of its own kind. */
  readonly parts?: readonly [string, string, string, string];
  /** Options that -I must have, and that -L does not take. */
  readonly create: readonly string[];
  readonly get: readonly string[];
  readonly notListed: readonly string[];
  readonly states?: readonly string[];
  readonly help: string;
}

const SIDES = ['orig', 'reply', 'mask', 'tuple'];
const PORTS = SIDES.flatMap((side) => [`${side}-port-src`, `${side}-port-dst`]);
const KEYS = SIDES.flatMap((side) => [`${side}-key-src`, `${side}-key-dst`]);

function options(names: readonly (readonly [name: string, value: string] | string)[]): LongOption<string>[] {
  return names.map((given) => {
    const [name, value] = typeof given === 'string' ? [given, given] : given;
    return { name, argument: 1, value: `:${value}` };
  });
}

const PORT_OPTIONS = [...PORTS, ['sport', 'orig-port-src'] as const, ['dport', 'orig-port-dst'] as const];
const PORT_PARTS = ['sport', 'dport', 'reply-port-src', 'reply-port-dst'] as const;

function partsHelp(kind: string, short: string): string {
  const lines = ['orig', 'reply', 'mask'].flatMap((side) => {
    const word = side === 'orig' ? 'original' : side;
    return [
      `  --${side}-${kind}-src\t\t${word} source ${kind}`,
      `  --${side}-${kind}-dst\t\t${word} destination ${kind}`,
    ];
  });
  return [
    ...lines,
    `  --tuple-${kind}-src\t\texpectation tuple src ${short}`,
    `  --tuple-${kind}-src\t\texpectation tuple dst ${short}`,
    '',
  ].join('\n');
}

function ports(
  name: string,
  protocol: number,
  more: Partial<ProtocolOptions> = {},
  extra: string[] = [],
): ProtocolOptions {
  return {
    name,
    protocol,
    options: options([...PORT_OPTIONS, ...extra]),
    parts: PORT_PARTS,
    create: [],
    get: [],
    notListed: [],
    help: partsHelp('port', 'port'),
    ...more,
  };
}

function icmp(name: string, protocol: number): ProtocolOptions {
  const names = ['type', 'code', 'id'].map((field) => `${name}-${field}`);
  const help = ['type', 'code', 'id'].map((field) => `  --${name}-${field}\t\t\t${name} ${field}\n`).join('');
  return {
    name,
    protocol,
    options: options(names.map((each) => [each, each.slice(name.length + 1)] as const)),
    create: [`${name}-type`],
    get: [`${name}-type`],
    notListed: [],
    help,
  };
}

const PROTOCOLS: readonly ProtocolOptions[] = [
  ports(
    'tcp',
    6,
    {
      create: ['state'],
      states: [...TCP_STATE_NAMES.slice(0, 9), 'LISTEN', 'SYN_SENT2'],
      help: `${partsHelp('port', 'port')}  --state\t\t\tTCP state, fe. ESTABLISHED\n`,
    },
    ['state'],
  ),
  ports('udp', 17),
  ports('udplite', 136),
  ports(
    'sctp',
    132,
    {
      create: ['state', 'orig-vtag', 'reply-vtag'],
      notListed: ['orig-vtag', 'reply-vtag'],
      states: SCTP_STATE_NAMES,
      help: `${partsHelp('port', 'port')}  --state\t\t\tSCTP state, fe. ESTABLISHED\n  --orig-vtag\t\toriginal verification tag\n  --reply-vtag\t\treply verification tag\n`,
    },
    ['state', 'orig-vtag', 'reply-vtag'],
  ),
  ports(
    'dccp',
    33,
    {
      create: ['state'],
      states: [
        'NONE',
        'REQUEST',
        'RESPOND',
        'PARTOPEN',
        'OPEN',
        'CLOSEREQ',
        'CLOSING',
        'TIMEWAIT',
        'IGNORE',
        'INVALID',
      ],
      help: `${partsHelp('port', 'port')}  --state\t\t\tDCCP state, fe. RESPOND\n`,
    },
    ['state', 'role'],
  ),
  {
    name: 'gre',
    protocol: 47,
    options: options([...KEYS, ['srckey', 'orig-key-src'] as const, ['dstkey', 'orig-key-dst'] as const]),
    parts: ['srckey', 'dstkey', 'reply-key-src', 'reply-key-dst'],
    create: [],
    get: [],
    notListed: [],
    help: partsHelp('key', 'key'),
  },
  icmp('icmp', 1),
  icmp('icmpv6', 58),
];

/** Any other protocol: it has no options. */
export function unknownProtocol(protocol: number): ProtocolOptions {
  return {
    name: 'unknown',
    protocol,
    options: [],
    create: [],
    get: [],
    notListed: [],
    help: '  no options (unsupported)\n',
  };
}

/** A protocol by name or number; `other` finds the numbers of further names. */
export function findProtocol(
  text: string,
  other: (name: string) => number | undefined,
): ProtocolOptions | undefined {
  const lower = text.toLowerCase();
  const known = PROTOCOLS.find(({ name }) => name === lower);
  if (known) return known;
  let number = other(text);
  if (number === undefined && /^(0x[0-9a-f]+|[0-9]+)$/i.test(text)) number = Number(text);
  if (number === undefined || number > 255) return undefined;
  return protocolOptions(number);
}

export function protocolOptions(number: number): ProtocolOptions {
  return PROTOCOLS.find(({ protocol }) => protocol === number) ?? unknownProtocol(number);
}

/** Takes one option of a protocol. */
export function takeProtocolOption(
  of: ProtocolOptions,
  name: string,
  argument: string,
  values: ProtocolValues,
): void {
  if (name === 'state') {
    const at = of.states!.indexOf(argument);
    if (at < 0) wrong(`unknown ${of.name.toUpperCase()} state \`${argument}'`);
    // LISTEN is the number that the kernel calls SYN_SENT2.
    values.set(name, of.protocol === 6 ? Math.min(at, 9) : at);
  } else if (name === 'role') {
    if (argument !== 'client' && argument !== 'server') wrong(`unknown DCCP role \`${argument}'`);
  } else {
    const number = Number.parseInt(argument, name.includes('key') && /^0x/i.test(argument) ? 16 : 10) || 0;
    const bits = name === 'type' || name === 'code' ? 0xff : 0xffff;
    values.set(name, name.endsWith('vtag') ? number >>> 0 : number & bits);
  }
}

/** What a command needs of a protocol, and what it does not take. */
export function checkProtocolOptions(of: ProtocolOptions, command: CommandKey, values: ProtocolValues): void {
  const creates = command === 'I' || command === 'A';
  const shown = (name: string) => (name.startsWith('icmp') ? name.replace(/^icmp(v6)?-/, '') : name);
  if (command === 'xG' || command === 'xD' || command === 'xI') {
    const needed = command === 'xI' ? ['orig', 'mask', 'tuple'] : ['orig', 'reply'];
    for (const side of of.parts && of.protocol !== 47 ? needed : []) {
      for (const end of ['src', 'dst']) {
        if (!values.has(`${side}-port-${end}`)) {
          wrong(`You need to supply the \`--${side}-port-${end}' option for this command`);
        }
      }
    }
    return;
  }
  for (const name of creates ? of.create : command === 'G' ? of.get : []) {
    if (!values.has(shown(name))) wrong(`You need to supply the \`--${name}' option for this command`);
  }
  if (command === 'L') {
    for (const name of of.notListed)
      if (values.has(name)) wrong(`Illegal option \`--${name}' with this command`);
  }
  if (!of.parts || (!creates && command !== 'G')) return;
  const kind = of.protocol === 47 ? 'key' : 'port';
  const has = (side: string, end: string) => values.has(`${side}-${kind}-${end}`);
  if (has('orig', 'src') && has('orig', 'dst')) return;
  if (has('reply', 'src') && has('reply', 'dst')) return;
  const [one, two, three, four] = of.parts;
  if (!has('orig', 'src') && !has('orig', 'dst') && (has('reply', 'src') || has('reply', 'dst'))) {
    wrong(`you have to specify \`--${three}' and \`--${four}'`);
  }
  wrong(`you have to specify \`--${one}' and \`--${two}'`);
}
