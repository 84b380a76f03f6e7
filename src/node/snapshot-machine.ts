import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Part, PartText } from './host-parts.ts';

/** Limits of one command: what it may print, and how long it may take. */
const MAX_BYTES = 256 << 20;
const MAX_MILLISECONDS = 30_000;

/** Which tool's rules are taken where both have some. */
export type RulesFrom = 'legacy' | 'nft' | 'both';

/** What this machine's tools say, and what could not be had of them. None of the commands changes anything. */
export function readMachine(rules: RulesFrom): {
  readonly parts: Map<Part, PartText>;
  readonly missing: readonly string[];
} {
  const parts = new Map<Part, PartText>();
  const missing: string[] = [];
  const run = (argv: readonly string[]): string | undefined => {
    const [program = '', ...args] = argv;
    const done = spawnSync(program, args, {
      encoding: 'utf8',
      maxBuffer: MAX_BYTES,
      timeout: MAX_MILLISECONDS,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` },
    });
    if (!done.error && done.status === 0) return done.stdout;
    const code = done.error && 'code' in done.error ? String(done.error.code) : '';
    const said = (done.stderr ?? '').trim().split('\n')[0] ?? '';
    const why = code === 'ENOENT' ? 'not installed' : code || said || `exit status ${done.status}`;
    missing.push(`'${argv.join(' ')}': ${why}`);
    return undefined;
  };
  const take = (part: Part, argv: readonly string[]) => {
    const text = run(argv);
    if (text !== undefined) parts.set(part, { from: argv.join(' '), text });
  };
  take('addr', ['ip', '-d', '-j', 'addr']);
  take('route', ['ip', '-j', '-4', 'route', 'show', 'table', 'all']);
  take('route6', ['ip', '-j', '-6', 'route', 'show', 'table', 'all']);
  take('rule', ['ip', '-j', '-4', 'rule']);
  take('rule6', ['ip', '-j', '-6', 'rule']);
  take('neigh', ['ip', '-j', 'neigh']);
  take('ipset', ['ipset', 'save']);
  for (const family of ['iptables', 'ip6tables'] as const) takeRules(family);
  for (const [part, file] of [
    ['users', '/etc/passwd'],
    ['groups', '/etc/group'],
    ['tables', '/etc/iproute2/rt_tables'],
  ] as const)
    try {
      parts.set(part, { from: file, text: readFileSync(file, 'utf8') });
    } catch {
      missing.push(`${file}: cannot be read`);
    }
  return { parts, missing };

  function takeRules(family: 'iptables' | 'ip6tables'): void {
    const found = (['legacy', 'nft'] as const)
      .filter((kind) => rules === 'both' || rules === kind)
      .map((kind) => [`${family}-${kind}-save`, run([`${family}-${kind}-save`])] as const)
      .map(([tool, text]) => ({ tool, text: oldestFirst(text ?? '') }))
      .filter(({ text }) => text !== '');
    const [first, second] = found;
    if (!first) return;
    if (second)
      missing.push(
        `${second.tool}: its rules are left out, since ${first.tool} has some too; --rules nft takes these`,
      );
    parts.set(family, { from: first.tool, text: first.text });
  }
}

/** Tables in the order of their creation, which is the reverse of that in which they are saved; without comments. */
function oldestFirst(saved: string): string {
  const lines = saved.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const tables: string[] = [];
  for (const line of lines) {
    if (line.startsWith('*')) tables.push('');
    if (tables.length > 0) tables[tables.length - 1] += `${line}\n`;
  }
  return tables.reverse().join('');
}
