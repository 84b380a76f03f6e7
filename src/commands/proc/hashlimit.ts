import type { Family } from '../../netfilter/constants.ts';
import { formatAddress } from '../../xtables/address.ts';
import { type HashlimitEntry, type HashlimitTable, HashlimitTables } from '../../xtables/hashlimit-table.ts';
import type { ProcFolder } from './folder.ts';

const HZ = 250;

/** A file for each table of the match `hashlimit` (net/netfilter/xt_hashlimit.c dl_seq_print). */
function folder(family: Family, path: string): ProcFolder {
  return {
    path,
    read(host, name) {
      const table = host.xtables.shared(HashlimitTables).find(family, name);
      return table
        ?.entries()
        .map((entry) => line(table, entry))
        .join('');
    },
  };
}

function line(table: HashlimitTable, entry: HashlimitEntry): string {
  const { words } = entry;
  const address = (at: number): string =>
    table.family === 4 ? formatAddress([words[at]!]) : full(words.slice(at, at + 4));
  const ports = words[8]! >>> 0;
  const seconds = Math.trunc((entry.expires - table.now()) / HZ);
  return `${seconds} ${address(0)}:${ports >>> 16}->${address(4)}:${ports & 0xffff} ${entry.shown().join(' ')}\n`;
}

/** All eight groups, with their zeros. */
function full(words: readonly number[]): string {
  return words
    .flatMap((word) => [word >>> 16, word & 0xffff])
    .map((group) => group.toString(16).padStart(4, '0'))
    .join(':');
}

export const HASHLIMIT: readonly ProcFolder[] = [
  folder(4, '/proc/net/ipt_hashlimit'),
  folder(6, '/proc/net/ip6t_hashlimit'),
];
