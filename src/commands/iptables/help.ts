import type { Family } from '../../netfilter/constants.ts';
import type { Extension } from '../../xtables/extension.ts';
import type { Output } from './output.ts';

const COMMANDS: readonly (readonly [string, string])[] = [
  ['--append  -A chain', 'add a rule at the end of a chain'],
  ['--check   -C chain', 'tell whether a rule is there'],
  ['--delete  -D chain [rulenum]', 'take out a rule, by its text or its number'],
  ['--insert  -I chain [rulenum]', 'put a rule in a chain, at the beginning or at a number'],
  ['--replace -R chain rulenum', 'put a rule in the place of another'],
  ['--list    -L [chain [rulenum]]', 'show the rules of a chain or of all'],
  ['--list-rules -S [chain [rulenum]]', 'show the rules as commands'],
  ['--flush   -F [chain]', 'take out all rules of a chain or of all'],
  ['--zero    -Z [chain [rulenum]]', 'set counters to zero'],
  ['--new     -N chain', 'make a chain'],
  ['--delete-chain -X [chain]', 'take away an empty chain that no rule leads to'],
  ['--policy  -P chain target', 'decide what becomes of packets that no rule decided on'],
  ['--rename-chain -E old-chain new-chain', 'give a chain another name'],
];

const OPTIONS: readonly (readonly [string, string, Family?])[] = [
  ['--ipv4 -4', 'nothing with iptables; ip6tables-restore skips the line'],
  ['--ipv6 -6', 'nothing with ip6tables; iptables-restore skips the line'],
  ['[!] --protocol -p proto', 'protocol by number or name'],
  ['[!] --source -s address[/mask][,…]', 'source address'],
  ['[!] --destination -d address[/mask][,…]', 'destination address'],
  ['[!] --in-interface -i name[+]', 'interface the packet came in by'],
  ['[!] --out-interface -o name[+]', 'interface the packet leaves by'],
  ['--jump -j target', 'target or chain'],
  ['--goto -g chain', 'chain, without coming back'],
  ['--match -m match', 'a further match'],
  ['[!] --fragment -f', 'second and later fragments', 4],
  ['--numeric -n', 'numbers instead of names'],
  ['--table -t table', 'table (filter if left out)'],
  ['--verbose -v', 'say more'],
  ['--wait -w [seconds]', 'wait for the lock'],
  ['--line-numbers', 'show line numbers'],
  ['--exact -x', 'show counters in full'],
  ['--modprobe=command', 'taken and ignored'],
  ['--set-counters -c packets bytes', 'start from these counters'],
  ['--version -V', 'show the version'],
];

function rows(list: readonly (readonly [string, string, ...unknown[]])[]): string {
  return list.map(([left, right]) => `  ${left.padEnd(40)} ${right}\n`).join('');
}

/** The text of `-h`, with that of the extensions named before it. */
export function printHelp(
  output: Output,
  program: string,
  family: Family,
  extensions: readonly Extension[],
): void {
  const usage = [
    '-[ACD] chain rule-specification [options]',
    '-I chain [rulenum] rule-specification [options]',
    '-R chain rulenum rule-specification [options]',
    '-D chain rulenum [options]',
    '-[LS] [chain [rulenum]] [options]',
    '-[FZ] [chain] [options]',
    '-[NX] chain',
    '-E old-chain-name new-chain-name',
    '-P chain target [options]',
    '-h (print this help information)',
  ].map((line, i) => `${i === 0 ? 'Usage:' : '      '} ${program} ${line}\n`);
  output.print(`${program} v1.8.9 (legacy)\n\n${usage.join('')}\n`);
  output.print(`Commands:\n${rows(COMMANDS)}\n`);
  output.print(`Options:\n${rows(OPTIONS.filter(([, , only]) => only === undefined || only === family))}`);
  for (const extension of extensions) output.print(`\n${extensionHelp(extension)}`);
}

function extensionHelp(extension: Extension): string {
  const lines = extension.optionList.flatMap(([key, option]) =>
    [key, ...(option.aliases ?? [])].map((name, i) => {
      const syntax = option.type.syntax ? ` ${option.type.syntax}` : '';
      return [
        `${option.invert ? '[!] ' : ''}--${name}${syntax}`,
        i === 0 ? option.help : `the same as --${key}`,
      ] as const;
    }),
  );
  return `${extension.name} ${extension.kind} options: ${extension.summary}\n${rows(lines)}`;
}
