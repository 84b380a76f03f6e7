import type { Family } from '../../netfilter/constants.ts';
import type { Conntrack } from '../conntrack.ts';
import type { Helper, HelperFactory } from '../helper.ts';
import { makeAmanda } from './amanda.ts';
import { makeFtp } from './ftp.ts';
import { GreCalls } from './gre-calls.ts';
import { makeIrc } from './irc.ts';
import { makeNetbiosNs } from './netbios-ns.ts';
import { makePptp } from './pptp.ts';
import type { Rewriters } from './rewriters.ts';
import { makeSane } from './sane.ts';
import { makeSipTcp, makeSipUdp } from './sip/sip.ts';
import { makeSnmp } from './snmp.ts';
import { makeTftp } from './tftp.ts';
import { UNREAD } from './unread.ts';

/** The helpers, one file each. */
const FACTORIES: readonly HelperFactory[] = [
  makeAmanda,
  makeFtp,
  makeIrc,
  makeNetbiosNs,
  makePptp,
  makeSane,
  makeSipTcp,
  makeSipUdp,
  makeSnmp,
  makeTftp,
  ...UNREAD,
];

/** The helpers of one host's connection tracking. */
export class Helpers {
  readonly list: readonly Helper[];
  /** What NAT adds to them; it fills the slots. */
  readonly rewriters: Rewriters = {};
  /** The calls of PPTP's tunnels. */
  readonly greCalls: GreCalls;

  /** `conntrack.helpers` must be assigned before a helper reads a packet. */
  constructor(conntrack: Conntrack) {
    this.greCalls = new GreCalls(conntrack.hash);
    this.list = FACTORIES.map((make) => make(conntrack, this));
  }

  /** The helper of a name for connections of this family and protocol; undefined if there is none. */
  find(name: string, family: Family, protocol: number): Helper | undefined {
    return this.list.find(
      (helper) => helper.name === name && helper.protocol === protocol && helper.families.includes(family),
    );
  }
}
