import type { Host } from '../../host/host.ts';
import type { Family } from '../../netfilter/constants.ts';
import { parseIpv4, parseIpv6 } from '../../wire/address.ts';
import { get32 } from '../../wire/bytes.ts';
import { formatAddress } from '../../xtables/address.ts';
import { type RecentEntry, type RecentList, RecentLists } from '../../xtables/recent-lists.ts';
import type { ProcFolder } from './folder.ts';

/** What the kernel's clock of ticks shows at boot (INITIAL_JIFFIES at 250 ticks a second). */
const FIRST_TICK = 4294892296;
const MICROSECONDS_PER_TICK = 4000;

/** /proc/net/xt_recent: a file for each list of the match `recent`, to be read and written (net/netfilter/xt_recent.c). */
export const RECENT: ProcFolder = {
  path: '/proc/net/xt_recent',
  read(host, name) {
    const list = lists(host).get(name);
    return list && [...list.entries()].map(entryLine).join('');
  },
  write(host, name, text) {
    const list = lists(host).get(name);
    if (!list) return 'ENOENT';
    if (text === '') return undefined;
    if (text.startsWith('/')) {
      list.flush();
      return undefined;
    }
    if (!/^[+-]/.test(text)) {
      host.services.log(6, 'xt_recent: Need "+ip", "-ip" or "/"');
      return 'EINVAL';
    }
    const address = readAddress(text.slice(1).split('\n', 1)[0]!);
    if (!address) return 'EINVAL';
    change(host, list, address.family, address.words, text.startsWith('+'));
    return undefined;
  },
};

function lists(host: Host): RecentLists {
  return host.xtables.shared(RecentLists);
}

function change(host: Host, list: RecentList, family: Family, words: readonly number[], add: boolean): void {
  const now = Math.floor(host.timers.now / MICROSECONDS_PER_TICK);
  const entry = list.find(family, words, 0);
  if (entry && add) list.update(entry, entry.ttl, now);
  else if (entry) list.remove(entry);
  else if (add) list.add(family, words, 0, now);
}

function readAddress(text: string): { family: Family; words: readonly number[] } | undefined {
  if (!text.includes(':')) {
    const four = parseIpv4(text);
    return four === undefined ? undefined : { family: 4, words: [four, 0, 0, 0] };
  }
  const six = parseIpv6(text);
  return six && { family: 6, words: [0, 4, 8, 12].map((at) => get32(six, at) | 0) };
}

function entryLine(entry: RecentEntry): string {
  const { family, address, ttl, stamps, index, last } = entry;
  const tick = (stamp: number): number => FIRST_TICK + stamp;
  const source = family === 4 ? formatAddress([address[0]!]) : wholeAddress(address);
  return (
    `src=${source} ttl: ${ttl} last_seen: ${tick(last)} oldest_pkt: ${index} ` +
    `${stamps.map(tick).join(', ')}\n`
  );
}

/** All eight groups with all digits, as %pI6 writes them. */
function wholeAddress(words: readonly number[]): string {
  const hex = words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return hex.match(/.{4}/g)!.join(':');
}
