import type { FieldPath } from '../../formats/fields.ts';
import type { HostDescription } from '../../formats/host-description.ts';
import type { EndPattern } from './ends.ts';
import type { RuleReference } from './rule-reference.ts';

/** A file of cases (docs/testing.md). */
export interface TestFile {
  readonly host: HostSource | undefined;
  /** Files of rules that take the place of the host's own: the ruleset under test. */
  readonly rulesets: Readonly<Partial<Record<RulesetKind, string>>>;
  /** Seconds since 1970 (UTC) when every case begins; undefined: {@link DEFAULT_TIME}. */
  readonly time: number | undefined;
  readonly cases: readonly TestCase[];
}

/** For iptables-restore, ip6tables-restore, ipset restore. */
export type RulesetKind = 'iptables' | 'ip6tables' | 'ipset';

/** Noon of Monday, 5 January 2026, UTC: when cases begin that do not say when. */
export const DEFAULT_TIME = 1767614400;

/** The host of a case: another file or folder, or written in place. */
export type HostSource =
  | { readonly kind: 'file'; readonly file: string; readonly path: FieldPath }
  | { readonly kind: 'described'; readonly description: HostDescription; readonly path: FieldPath };

export interface TestCase {
  readonly name: string;
  /** Where it stands in its file. */
  readonly path: FieldPath;
  readonly host: HostSource | undefined;
  readonly time: number | undefined;
  /** How often it is tried, each time with other random numbers. */
  readonly times: number;
  /** Commands that run on the host before. */
  readonly setup: readonly string[];
  readonly steps: readonly TestStep[];
}

export type TestStep = TestAction & {
  readonly path: FieldPath;
  readonly expect: Expectation | undefined;
};

export type TestAction =
  /** Arrives at a device; undefined: the only one there is. Texts may have holes. */
  | { readonly kind: 'packet'; readonly text: string; readonly device: string | undefined }
  | { readonly kind: 'handshake'; readonly text: string; readonly device: string | undefined }
  | {
      readonly kind: 'send';
      readonly text: string;
      readonly uid: number;
      readonly gid: number;
      readonly mark: number;
    }
  /** Who got the last packet answers it; who sent the last packet sends another one; with these words. */
  | { readonly kind: 'reply'; readonly words: string }
  | { readonly kind: 'again'; readonly words: string }
  /** An ICMP error about the last packet that left, from `from`; undefined: from its destination. */
  | { readonly kind: 'error'; readonly words: string; readonly from: string | undefined }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'run'; readonly line: string }
  | { readonly kind: 'capture'; readonly file: string; readonly device: string | undefined };

/** What became of a packet, in one word. */
export const VERDICTS = [
  'accept',
  'forward',
  'deliver',
  'send',
  'deny',
  'drop',
  'reject',
  'queue',
  'steal',
] as const;
export type VerdictWord = (typeof VERDICTS)[number];

/** What is expected of a step. What is left out may be anything. */
export interface Expectation {
  readonly path: FieldPath;
  readonly verdict?: VerdictWord;
  /** Devices by which it may leave; empty: by none. */
  readonly out?: readonly string[];
  /** The rule or policy that decided. */
  readonly rule?: RuleReference;
  /** Rules that it must have matched, and that it must not have matched. */
  readonly passes?: readonly RuleReference[];
  readonly avoids?: readonly RuleReference[];
  /** Ends of the packet as it left or was delivered: one of them. */
  readonly source?: readonly EndPattern[];
  readonly destination?: readonly EndPattern[];
  /** Over all tries of the case: each of these destinations was reached, and no other. */
  readonly spread?: readonly EndPattern[];
  /** Fields of the packet as it left or was delivered: `ip.ttl` → `63`. */
  readonly fields?: ReadonlyMap<string, string>;
  /** The firewall mark at the end: `value` of the bits in `mask`. */
  readonly mark?: { readonly value: number; readonly mask: number };
  /** Lines of the kernel log: each of these is written; empty: none is. */
  readonly log?: readonly TextPattern[];
  /** NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED. */
  readonly state?: string;
  readonly connection?: ConnectionExpectation | 'none';
  /** Packets that rules have counted since the case began. */
  readonly counters?: readonly { readonly rule: RuleReference; readonly packets: number }[];
  /** What the host answers by itself (ICMP errors, resets, echo replies); empty: nothing. */
  readonly answer?: readonly TextPattern[];
  /** Why it ended, as a journey says it. */
  readonly reason?: TextPattern;
}

export interface ConnectionExpectation {
  /** State of the protocol: `ESTABLISHED`, `SYN_SENT`. */
  readonly state?: string;
  readonly assured?: boolean;
  readonly replied?: boolean;
  readonly mark?: { readonly value: number; readonly mask: number };
  readonly helper?: string;
  readonly zone?: number;
}

/** A text that must contain another one, or match an expression. */
export interface TextPattern {
  /** As it was written. */
  readonly text: string;
  readonly expression: RegExp | undefined;
}
