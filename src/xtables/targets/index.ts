import type { Target } from '../extension.ts';
import { ACCEPT } from './ACCEPT.ts';
import { AUDIT } from './AUDIT.ts';
import { CHECKSUM } from './CHECKSUM.ts';
import { CLASSIFY } from './CLASSIFY.ts';
import { CLUSTERIP } from './CLUSTERIP.ts';
import { CONNMARK } from './CONNMARK.ts';
import { CT, NOTRACK } from './CT.ts';
import { DNAT } from './DNAT.ts';
import { DNPT } from './DNPT.ts';
import { DROP } from './DROP.ts';
import { DSCP } from './DSCP.ts';
import { ECN } from './ECN.ts';
import { HL } from './HL.ts';
import { HMARK } from './HMARK.ts';
import { IDLETIMER } from './IDLETIMER.ts';
import { LED } from './LED.ts';
import { LOG } from './LOG.ts';
import { MARK } from './MARK.ts';
import { MASQUERADE } from './MASQUERADE.ts';
import { NETMAP } from './NETMAP.ts';
import { NFLOG } from './NFLOG.ts';
import { NFQUEUE } from './NFQUEUE.ts';
import { QUEUE } from './QUEUE.ts';
import { RATEEST } from './RATEEST.ts';
import { REDIRECT } from './REDIRECT.ts';
import { REJECT } from './REJECT.ts';
import { RETURN } from './RETURN.ts';
import { CONNSECMARK, SECMARK } from './SECMARK.ts';
import { SET } from './SET.ts';
import { SNAT } from './SNAT.ts';
import { SNPT } from './SNPT.ts';
import { SYNPROXY } from './SYNPROXY.ts';
import { TCPMSS } from './TCPMSS.ts';
import { TCPOPTSTRIP } from './TCPOPTSTRIP.ts';
import { TEE } from './TEE.ts';
import { TOS } from './TOS.ts';
import { TPROXY } from './TPROXY.ts';
import { TRACE } from './TRACE.ts';
import { TTL } from './TTL.ts';
import { ULOG } from './ULOG.ts';

/** Every target there is: one line each; a file with a definition for each family is spread (`...REJECT`). */
export const TARGETS: readonly Target[] = [
  ACCEPT,
  AUDIT,
  CHECKSUM,
  CLASSIFY,
  CLUSTERIP,
  CONNMARK,
  CONNSECMARK,
  CT,
  DNAT,
  DNPT,
  DROP,
  DSCP,
  ECN,
  HL,
  HMARK,
  IDLETIMER,
  LED,
  LOG,
  MARK,
  MASQUERADE,
  NETMAP,
  NFLOG,
  NFQUEUE,
  NOTRACK,
  QUEUE,
  RATEEST,
  REDIRECT,
  ...REJECT,
  RETURN,
  SECMARK,
  SET,
  SNAT,
  SNPT,
  SYNPROXY,
  TCPMSS,
  TCPOPTSTRIP,
  TEE,
  TOS,
  TPROXY,
  TRACE,
  TTL,
  ULOG,
];
