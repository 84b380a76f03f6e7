import { type Connection, STATUS } from '../conntrack/connection.ts';
import { TCP_SYN_SENT, TCP_TIME_WAIT, TcpData } from '../conntrack/protocols/tcp-state.ts';

/**
 * Whether an old TCP connection that has ended, and whose source was translated, may give its port to a new one: the new
 * one's sequence numbers are ahead of the old one's, so that no segment can be taken for the other's.
 * (nf_nat_core.c nf_nat_may_kill, nf_seq_has_advanced)
 */
export function mayReplace(old: Connection, young: Connection): boolean {
  if (young.state !== TCP_SYN_SENT || old.state < TCP_TIME_WAIT) return false;
  if ((old.status & (STATUS.FIXED_TIMEOUT | STATUS.DYING)) !== 0 || (old.status & STATUS.SRC_NAT) === 0)
    return false;
  const was = old.protocolData;
  const is = young.protocolData;
  if (!(was instanceof TcpData) || !(is instanceof TcpData)) return false;
  return ((is.sides[0].end - was.sides[0].end) | 0) > 0;
}
