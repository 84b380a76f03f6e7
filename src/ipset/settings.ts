import type { Family } from '../netfilter/constants.ts';

/** Why something failed; `problem.ts` of the command says it in words. */
export type SetError =
  | 'EXIST'
  | 'MISSING'
  | 'FULL'
  | 'RANGE'
  | 'NULL'
  | 'CIDR'
  | 'PROTOCOL'
  | 'INVALID'
  | 'WHOLE'
  | 'LOOP'
  | 'NAME'
  | 'NAMEREF'
  | 'REF_MISSING';

/** What `create` was given. */
export interface SetSettings {
  /** 0 for types that hold no addresses. */
  readonly family: 0 | Family;
  /** Seconds; undefined without timeouts. */
  readonly timeout: number | undefined;
  readonly counters: boolean;
  readonly comment: boolean;
  readonly skbinfo: boolean;
  readonly forceadd: boolean;
  readonly hashsize: number;
  readonly maxelem: number;
  readonly bucketsize: number;
  readonly initval: number;
  /** Length of the prefix that counts of the addresses; undefined for all of it. */
  readonly netmask: number | undefined;
  /** Bits of the addresses that count, as words. */
  readonly bitmask: readonly number[] | undefined;
  readonly markmask: number;
  /** First and last value of a bitmap, unsigned. */
  readonly first: number;
  readonly last: number;
  /** Places of a list. */
  readonly size: number;
}

/** What travels with an element. Counters are 64-bit numbers: `…High` counts 2⁴⁸. */
export interface Extras {
  /** Seconds; 0 for ever; undefined for what the set says. */
  readonly timeout?: number | undefined;
  readonly packets?: number;
  readonly packetsHigh?: number;
  readonly bytes?: number;
  readonly bytesHigh?: number;
  readonly comment?: string;
  /** An element that is there keeps its comment. */
  readonly keepsComment?: boolean;
  readonly skbmark?: number;
  readonly skbmask?: number;
  readonly skbprio?: number;
  readonly skbqueue?: number;
  readonly nomatch?: boolean;
}
