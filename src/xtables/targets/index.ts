import type { Target } from '../extension.ts';
import { ACCEPT } from './ACCEPT.ts';
import { CONNMARK } from './CONNMARK.ts';
import { CT, NOTRACK } from './CT.ts';
import { DNAT } from './DNAT.ts';
import { DNPT } from './DNPT.ts';
import { DROP } from './DROP.ts';
import { DSCP } from './DSCP.ts';
import { HL } from './HL.ts';
import { LOG } from './LOG.ts';
import { MARK } from './MARK.ts';
import { MASQUERADE } from './MASQUERADE.ts';
import { NETMAP } from './NETMAP.ts';
import { NFQUEUE } from './NFQUEUE.ts';
import { QUEUE } from './QUEUE.ts';
import { REDIRECT } from './REDIRECT.ts';
import { REJECT } from './REJECT.ts';
import { RETURN } from './RETURN.ts';
import { SNAT } from './SNAT.ts';
import { SNPT } from './SNPT.ts';
import { TCPMSS } from './TCPMSS.ts';
import { TOS } from './TOS.ts';
import { TRACE } from './TRACE.ts';
import { TTL } from './TTL.ts';

/** Every target there is: one line each; a file with a definition for each family is spread (`...REJECT`). */
export const TARGETS: readonly Target[] = [
  ACCEPT,
  CONNMARK,
  CT,
  DNAT,
  DNPT,
  DROP,
  DSCP,
  HL,
  LOG,
  MARK,
  MASQUERADE,
  NETMAP,
  NFQUEUE,
  NOTRACK,
  QUEUE,
  REDIRECT,
  ...REJECT,
  RETURN,
  SNAT,
  SNPT,
  TCPMSS,
  TOS,
  TRACE,
  TTL,
];
