import type { ErrnoName } from '../netfilter/constants.ts';

/** What an account's quota counts. */
export type QuotaMode = 'packet' | 'byte';

export interface Quota {
  readonly mode: QuotaMode;
  /** Unsigned 64 bits. */
  readonly limit: bigint;
}

/** The longest name, in bytes (NFACCT_NAME_MAX less its end). */
export const LONGEST_NAME = 31;

/** A named counter that rules feed (net/netfilter/nfnetlink_acct.c struct nf_acct). */
export class Account {
  readonly name: string;
  readonly quota: Quota | undefined;
  /** Rules that use it. */
  users = 0;
  /** The quota was reached and nobody has set the counter back since. */
  overQuota = false;
  /** What it began with; what was counted since is a plain number, since counting is done for every packet. */
  #packetsBefore: bigint;
  #bytesBefore: bigint;
  #packets = 0;
  #bytes = 0;
  /** Counts beyond this are over quota. */
  #left: number;

  constructor(name: string, quota: Quota | undefined, packets = 0n, bytes = 0n) {
    this.name = name;
    this.quota = quota;
    this.#packetsBefore = packets;
    this.#bytesBefore = bytes;
    this.#left = this.#leftOver();
  }

  get packets(): bigint {
    return this.#packetsBefore + BigInt(this.#packets);
  }

  get bytes(): bigint {
    return this.#bytesBefore + BigInt(this.#bytes);
  }

  /** Counts a packet: true if there is no quota, or it is exceeded (nfnl_acct_update, nfnl_acct_overquota). */
  count(length: number): boolean {
    this.#packets++;
    this.#bytes += length;
    if (this.quota === undefined) return true;
    const now = this.quota.mode === 'packet' ? this.#packets : this.#bytes;
    if (now >= this.#left) this.overQuota = true;
    return now > this.#left;
  }

  reset(): void {
    this.#packetsBefore = 0n;
    this.#bytesBefore = 0n;
    this.#packets = 0;
    this.#bytes = 0;
    this.overQuota = false;
    this.#left = this.#leftOver();
  }

  #leftOver(): number {
    const { quota } = this;
    if (!quota) return Number.POSITIVE_INFINITY;
    return Number(quota.limit - (quota.mode === 'packet' ? this.#packetsBefore : this.#bytesBefore));
  }
}

/** The accounts of a host, in the order in which they were made. */
export class Accounts {
  readonly #byName = new Map<string, Account>();

  static create(): Accounts {
    return new Accounts();
  }

  find(name: string): Account | undefined {
    return this.#byName.get(name);
  }

  list(): Account[] {
    return [...this.#byName.values()];
  }

  /** Adds one, of which only so much of the name is kept as the kernel has room for; the name of an error if it refuses. */
  add(name: string, quota?: Quota, packets = 0n, bytes = 0n): ErrnoName | undefined {
    const kept = name.slice(0, LONGEST_NAME);
    if (kept === '') return 'EINVAL';
    if (this.#byName.has(kept)) return 'EBUSY';
    this.#byName.set(kept, new Account(kept, quota, packets, bytes));
    return undefined;
  }

  /** Removes one that no rule uses. */
  delete(name: string): ErrnoName | undefined {
    const account = this.#byName.get(name);
    if (!account) return 'ENOENT';
    if (account.users > 0) return 'EBUSY';
    this.#byName.delete(name);
    return undefined;
  }

  /** Removes all that no rule uses. */
  flush(): void {
    for (const { name } of this.list()) this.delete(name);
  }
}
