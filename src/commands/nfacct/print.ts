import type { Account } from '../../xtables/accounts.ts';

/** How `list` and `get` write accounts. */
export type Format = 'plain' | 'xml' | 'json';

const long = (value: bigint): string => String(value).padStart(20, '0');

function plain({ name, packets, bytes, quota, overQuota }: Account): string {
  const limit = quota
    ? `, quota = ${long(quota.limit)}, mode = ${quota.mode}, overquota = ${overQuota ? 'yes' : 'no'}`
    : '';
  return `{ pkts = ${long(packets)}, bytes = ${long(bytes)}${limit} } = ${name};`;
}

const xml = ({ name, packets, bytes }: Account): string =>
  `<obj><name>${name}</name><pkts>${long(packets)}</pkts><bytes>${long(bytes)}</bytes></obj>`;

/** Not quite JSON, as the real tool writes it: `=` in the middle of an object. */
function json({ name, packets, bytes, quota, overQuota }: Account): string {
  const limit = quota
    ? `"quota" : ${quota.limit}, "mode" = "${quota.mode}", "overquota" = ${overQuota ? 1 : 0}, `
    : '';
  return `  { "pkts" : ${packets}, "bytes" : ${bytes}, ${limit}"name" : "${name}" }`;
}

/** Accounts as the real tool prints them. `seconds`: since 1970. */
export function printAccounts(accounts: readonly Account[], format: Format, seconds: number): string {
  if (accounts.length === 0) return '';
  if (format === 'plain') return `${accounts.map(plain).join('\n')}\n`;
  if (format === 'xml') {
    return `<?xml version="1.0" encoding="utf-8"?>\n<nfacct>\n${accounts.map(xml).join('\n')}\n</nfacct>\n`;
  }
  return `{ "timestamp" : ${seconds}, \n  "nfacct_counters" : [\n${accounts.map(json).join(',\n')}\n] }\n`;
}
