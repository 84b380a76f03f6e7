import type { Host } from '../../host/host.ts';
import type { Command, CommandResult } from '../command.ts';
import { address } from './address.ts';
import { Arguments, abbreviated, IpProblem } from './arguments.ts';
import { link } from './link.ts';
import { neighbour } from './neighbour.ts';
import type { IpObject, IpOptions } from './object.ts';
import { route } from './route.ts';
import { rule } from './rule.ts';

const OBJECTS = ['address', 'link', 'route', 'rule', 'neighbor', 'neighbour'] as const;
const FUNCTIONS: Readonly<Record<(typeof OBJECTS)[number], IpObject>> = {
  address,
  link,
  route,
  rule,
  neighbor: neighbour,
  neighbour,
};
/** Objects that iproute2 has and this one has not, in the order in which it looks abbreviations up. */
const NOT_YET = [
  'addrlabel',
  'ntable',
  'ntbl',
  'tunnel',
  'tunl',
  'tuntap',
  'tap',
  'token',
  'tcpmetrics',
  'tcp_metrics',
  'monitor',
  'xfrm',
  'mroute',
  'mrule',
  'netns',
  'netconf',
  'vrf',
  'sr',
  'nexthop',
  'mptcp',
  'ioam',
  'maddress',
  'l2tp',
  'fou',
  'ila',
  'macsec',
  'stats',
  'amt',
];
const USAGE =
  'Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n' +
  '       ip [ -force ] -batch filename\n' +
  'where  OBJECT := { address | link | neighbour | route | rule }\n' +
  '       OPTIONS := { -4 | -6 | -f[amily] { inet | inet6 } | -o[neline] | -br[ief] |\n' +
  '                    -d[etails] | -s[tatistics] | -n[umeric] | -j[son] | -p[retty] | -batch - }\n';

/** `ip`: interfaces, addresses, neighbours, routes and rules of the host, as iproute2 6.1 words them. */
export const ip: Command = (host, argv, stdin) => {
  const args = new Arguments(argv.slice(1));
  let batch = false;
  let force = false;
  const options = {
    family: undefined as 4 | 6 | undefined,
    json: false,
    oneLine: false,
    brief: false,
    details: false,
  };
  while (args.peek()?.startsWith('-')) {
    const word = args.next().replace(/^--/, '-');
    if (word === '-4') options.family = 4;
    else if (word === '-6') options.family = 6;
    else if (word === '-V' || word === '-Version')
      return done(0, 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n');
    else if (matches(word, '-family')) {
      const family = args.peek();
      if (family !== 'inet' && family !== 'inet6')
        return done(255, '', `Error: argument "${family ?? ''}" is wrong: invalid protocol family\n\n`);
      options.family = args.next() === 'inet' ? 4 : 6;
    } else if (matches(word, '-oneline')) options.oneLine = true;
    else if (matches(word, '-brief', 3)) options.brief = true;
    else if (matches(word, '-details')) options.details = true;
    else if (matches(word, '-json')) options.json = true;
    else if (matches(word, '-force', 3)) force = true;
    else if (matches(word, '-batch')) {
      if (args.peek() !== '-')
        return done(1, '', `Cannot open file "${args.peek() ?? ''}" for reading: only - is read here\n`);
      args.next();
      batch = true;
    } else if (matches(word, '-help')) return done(0, '', USAGE);
    else if (!HARMLESS.some((known) => matches(word, known))) {
      return done(255, '', `Option "${word}" is unknown, try "ip -help".\n`);
    }
  }
  if (batch) return runBatch(host, stdin, options, force);
  if (!args.more) return done(255, '', USAGE);
  const { ends: _, ...result } = run(host, args, options);
  return result;
};

/** Options that change only how much, or in which colour, is printed. */
const HARMLESS = [
  '-statistics',
  '-stats',
  '-numeric',
  '-Numeric',
  '-pretty',
  '-color',
  '-resolve',
  '-human',
  '-human-readable',
  '-iec',
  '-timestamp',
  '-tshort',
  '-all',
];

function matches(word: string, option: string, least = 2): boolean {
  return word.length >= least && option.startsWith(word);
}

function done(exit: number, stdout: string, stderr = ''): CommandResult {
  return { exit, stdout, stderr };
}

function run(host: Host, args: Arguments, options: IpOptions): CommandResult & { readonly ends?: boolean } {
  const typed = args.next();
  if (typed === 'help') return done(0, '', USAGE);
  const name = abbreviated(typed, OBJECTS) ?? (typed === 'neigh' ? 'neighbour' : undefined);
  if (!name) {
    const later = abbreviated(typed, NOT_YET);
    if (later)
      return {
        ...done(1, '', `not supported yet: command ip ${later}\n`),
        unsupported: `command ip ${later}`,
      };
    return done(1, '', `Object "${typed}" is unknown, try "ip help".\n`);
  }
  try {
    return done(0, FUNCTIONS[name](host, args, options));
  } catch (problem) {
    if (problem instanceof IpProblem)
      return { ...done(problem.exit, '', problem.message), ends: problem.ends };
    // The engine names what it refuses: a name that is taken, an MTU out of range.
    if (problem instanceof RangeError) return done(2, '', `Error: ${problem.message}.\n`);
    throw problem;
  }
}

/** Commands from standard input, one a line; the first that fails ends it, unless -force is given. */
function runBatch(host: Host, stdin: string, options: IpOptions, force: boolean): CommandResult {
  let stdout = '';
  let stderr = '';
  let exit = 0;
  for (const [index, line] of stdin.split('\n').entries()) {
    const words = line
      .replace(/#.*$/, '')
      .split(/[ \t\r]+/)
      .filter((word) => word !== '');
    if (words.length === 0) continue;
    const result = run(host, new Arguments(words), options);
    stdout += result.stdout;
    stderr += result.stderr;
    if (result.exit === 0) continue;
    if (result.unsupported) return result;
    if (result.ends) return { exit: result.exit, stdout, stderr };
    stderr += `Command failed -:${index + 1}\n`;
    exit = 1;
    if (!force) break;
  }
  return { exit, stdout, stderr };
}
