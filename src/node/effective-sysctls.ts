import { buildHost } from '../formats/build-host.ts';
import { readHostDescription } from '../formats/host-description.ts';

/**
 * Of a machine's settings those that a host of these interfaces must be told: they differ from what it has without.
 * Others, which the engine does not follow, are told apart in `refused`. Settings of `all` and `default` come first,
 * since they change others.
 */
export function effectiveSysctls(
  value: Readonly<Record<string, unknown>>,
  settings: Iterable<readonly [name: string, value: string]>,
): { readonly sysctls: Record<string, string>; readonly refused: readonly string[] } {
  const { interfaces, ip6tables } = value;
  const build = (sysctls: Record<string, string>) =>
    buildHost(readHostDescription({ interfaces: bare(interfaces), ...six(value, ip6tables), sysctls }));
  const host = build({});
  const rank = (name: string) =>
    /ip_forward$/.test(name) ? 0 : /\.all\./.test(name) ? 1 : /\.default\./.test(name) ? 2 : 3;
  const sysctls: Record<string, string> = {};
  const refused: string[] = [];
  const clean = (text: string) => text.trim().replace(/\s+/g, ' ');
  const sorted = [...settings].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  for (const [name, wanted] of sorted) {
    const own = host.sysctl.get(name);
    if (own === undefined || clean(own) === clean(wanted)) continue;
    try {
      build({ [name]: wanted });
    } catch {
      refused.push(name);
      continue;
    }
    host.sysctl.set(name, wanted);
    sysctls[name] = wanted;
  }
  return { sysctls, refused };
}

/** Names alone: settings are written before there are addresses. */
function bare(interfaces: unknown): unknown {
  return Array.isArray(interfaces) ? interfaces.map(({ name }: { name: string }) => ({ name })) : [];
}

/** What turns IPv6 on, or not. */
function six(value: Readonly<Record<string, unknown>>, ip6tables: unknown): Record<string, unknown> {
  const has =
    ip6tables !== undefined || JSON.stringify(value.interfaces ?? []).match(/"addresses":\[[^\]]*:[^\]]*\]/);
  return has ? { ip6tables: '*filter\nCOMMIT\n' } : {};
}
