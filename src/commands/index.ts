import type { Host } from '../host/host.ts';
import { cat, echo } from './cat-echo.ts';
import type { Command, CommandResult } from './command.ts';
import { conntrack } from './conntrack/conntrack.ts';
import { ip } from './ip/ip.ts';
import { ipset } from './ipset/ipset.ts';
import { ip6tables, iptables } from './iptables/iptables.ts';
import { ip6tablesRestore, iptablesRestore } from './iptables/restore.ts';
import { ip6tablesSave, iptablesSave } from './iptables/save.ts';
import { ipvsadm } from './ipvsadm/ipvsadm.ts';
import { nfacct } from './nfacct/nfacct.ts';
import { nfnlOsf } from './nfnl-osf.ts';
import { sysctl } from './sysctl.ts';

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ...withAliases('', iptables, ip6tables),
  ...withAliases('-save', iptablesSave, ip6tablesSave),
  ...withAliases('-restore', iptablesRestore, ip6tablesRestore),
  ['conntrack', conntrack],
  ['ip', ip],
  ['ipset', ipset],
  ['ipvsadm', ipvsadm],
  ['nfacct', nfacct],
  ['nfnl_osf', nfnlOsf],
  ['sysctl', sysctl],
  ['cat', cat],
  ['echo', echo],
  ['true', () => ({ exit: 0, stdout: '', stderr: '' })],
  ['false', () => ({ exit: 1, stdout: '', stderr: '' })],
]);

/** Debian calls the programs `iptables` and `iptables-legacy`. */
function withAliases(suffix: string, four: Command, six: Command): [string, Command][] {
  return ['', '-legacy'].flatMap((alias): [string, Command][] => [
    [`iptables${alias}${suffix}`, four],
    [`ip6tables${alias}${suffix}`, six],
  ]);
}

/** Names of all commands of a host, sorted. */
export function commandNames(): readonly string[] {
  return [...COMMANDS.keys()].sort();
}

/** Where programs lie; `/usr/sbin/iptables` is `iptables`. */
const PROGRAM_FOLDER = /^(\/usr|\/usr\/local)?\/s?bin\//;

/** Runs a command on a host by its words. An unknown name is exit status 127, as of a shell. */
export function runCommand(host: Host, argv: readonly string[], stdin = ''): CommandResult {
  const name = (argv[0] ?? '').replace(PROGRAM_FOLDER, '');
  const command = COMMANDS.get(name);
  if (command) return command(host, [name, ...argv.slice(1)], stdin);
  return { exit: 127, stdout: '', stderr: `${name}: not found\n` };
}
