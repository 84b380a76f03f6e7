import type { Match } from '../extension.ts';
import { addrtype } from './addrtype.ts';
import { comment } from './comment.ts';
import { hl } from './hl.ts';
import { icmp } from './icmp.ts';
import { icmp6 } from './icmp6.ts';
import { length } from './length.ts';
import { limit } from './limit.ts';
import { mac } from './mac.ts';
import { mark } from './mark.ts';
import { multiport } from './multiport.ts';
import { owner } from './owner.ts';
import { tcp } from './tcp.ts';
import { ttl } from './ttl.ts';
import { udp } from './udp.ts';

/** Every match there is: one line each; a file with a definition for each family is spread (`...icmp`). */
export const MATCHES: readonly Match[] = [
  addrtype,
  comment,
  hl,
  icmp,
  icmp6,
  length,
  limit,
  mac,
  mark,
  multiport,
  owner,
  tcp,
  ttl,
  udp,
];
