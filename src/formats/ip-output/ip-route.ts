import { jsonObjects, type Note, type Placed, type ToolOutput, usefulLines, word } from './lines.ts';

const TYPES = [
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
];
/** Words that say how a route is doing, not what it is; and those that take a value. */
const STATES = [
  'linkdown',
  'dead',
  'offload',
  'rt_offload',
  'trap',
  'rt_trap',
  'offload_failed',
  'pervasive',
  'cache',
  'notify',
];
const STATES_WITH_VALUE = ['error', 'expires', 'users', 'used', 'age', 'nhid', 'iif'];

/** A route as `ip route` prints it. */
export interface ShownRoute {
  /** Arguments of `ip route add`, without `-6`. */
  readonly words: readonly string[];
  /** Interfaces that it names. */
  readonly devices: readonly string[];
}

/**
 * Reads `ip route` or `ip -6 route`, text or `-json`. Routes of the table `local` and to multicast groups are left out,
 * since every host makes its own; so are those that the addresses bring about: `made` says which prefixes of a device
 * these are. `tables` are names of tables and their numbers (rt_tables).
 */
export function readIpRoute(
  text: string,
  made: (prefix: string, device: string) => boolean,
  tables: ReadonlyMap<string, string> = new Map(),
): ToolOutput<ShownRoute> {
  const values: Placed<ShownRoute>[] = [];
  const notes: Note[] = [];
  for (const { line, value } of routeLines(text)) {
    const words = value.trim().split(/\s+/);
    const route: string[] = [];
    while (words.length > 0) {
      const next = words.shift()!;
      if (STATES.includes(next) || next === '\\') continue;
      if (STATES_WITH_VALUE.includes(next)) {
        if (next === 'expires') notes.push({ line, text: `'${value.trim()}' expires; it stays` });
        words.shift();
        continue;
      }
      route.push(next);
      if (next !== 'table') continue;
      const table = words.shift() ?? '';
      route.push(tables.get(table) ?? table);
    }
    const after = (key: string) => route[route.indexOf(key) + 1] ?? '';
    const type = TYPES.includes(route[0] ?? '') ? route[0] : 'unicast';
    const prefix = (type === route[0] ? route[1] : route[0]) ?? '';
    const table = route.includes('table') ? after('table') : 'main';
    if (table === 'local' || table === '255' || type === 'multicast' || /^ff00::\/8$/.test(prefix)) continue;
    const devices = route.filter((_, index) => route[index - 1] === 'dev');
    const kernels = route.includes('proto') && after('proto') === 'kernel';
    if (kernels && (table === 'main' || table === '254') && made(prefix, after('dev'))) continue;
    if (devices.length === 1 && devices[0] === 'lo' && kernels) continue;
    values.push({ line, value: { words: route, devices } });
  }
  return { values, notes };
}

/** One line for each route: next hops stand on lines of their own in the text. */
function routeLines(text: string): readonly Placed<string>[] {
  const objects = jsonObjects(text);
  if (objects) return objects.map(({ line, value }) => ({ line, value: routeText(value) }));
  const lines: { line: number; value: string }[] = [];
  for (const { line, value } of usefulLines(text)) {
    const previous = lines.at(-1);
    if (previous && /^\s+nexthop\b/.test(value)) previous.value += ` ${value.trim()}`;
    else lines.push({ line, value });
  }
  return lines;
}

type Json = Readonly<Record<string, unknown>>;

function routeText(route: Json): string {
  const hop = (of: Json): string => {
    const via = of.via as Json | undefined;
    const gateway = via ? `${word(via, 'family')} ${word(via, 'host')}` : word(of, 'gateway');
    const onlink = Array.isArray(of.flags) && of.flags.includes('onlink') ? ' onlink' : '';
    return `${given('via', gateway)}${given('dev', word(of, 'dev'))}${given('weight', word(of, 'weight'))}${onlink}`;
  };
  const metrics = Array.isArray(route.metrics) ? (route.metrics as Json[]) : [];
  const hops = Array.isArray(route.nexthops) ? (route.nexthops as Json[]) : [];
  return [
    word(route, 'type'),
    ` ${word(route, 'dst')}`,
    given('from', word(route, 'from')),
    given('tos', word(route, 'tos')),
    hop(route),
    given('table', word(route, 'table')),
    given('proto', word(route, 'protocol')),
    given('scope', word(route, 'scope')),
    given('src', word(route, 'prefsrc')),
    given('metric', word(route, 'metric')),
    ...metrics.flatMap((entry) => Object.keys(entry).map((key) => given(key, word(entry, key)))),
    given('pref', word(route, 'pref')),
    ...hops.map((each) => ` nexthop${hop(each)}`),
  ].join('');
}

function given(key: string, value: string): string {
  return value === '' ? '' : ` ${key} ${value}`;
}
