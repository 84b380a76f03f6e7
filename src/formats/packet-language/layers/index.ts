import { number } from '../field.ts';
import { Header, type Layer } from '../layer.ts';
import { PROTOCOLS } from '../protocols.ts';
import { dccp } from './dccp.ts';
import { gre } from './gre.ts';
import { icmp } from './icmp.ts';
import { icmp6 } from './icmp6.ts';
import { igmp } from './igmp.ts';
import { sctp } from './sctp.ts';
import { ah, esp } from './security.ts';
import { tcp } from './tcp.ts';
import { udp, udplite } from './udp.ts';

/**
 * Anything behind IP that the language has no fields for: `ip … proto 89 payload hex:…`. It has no bytes of its own;
 * the protocol number that IP is to name is kept as if it were one.
 */
export const OTHER_PROTOCOL = number('proto', 0, 8, {
  aliases: ['protocol'],
  names: PROTOCOLS,
  short: true,
  always: true,
});
export const other: Layer = {
  name: 'other',
  protocol: -1,
  initial: () => new Uint8Array(1),
  fields: () => [OTHER_PROTOCOL],
  seal: (_header, payload) => payload,
  open: () => ({ header: new Header(other, new Uint8Array(1)), length: 0 }),
};

/** To add a protocol: its file, and its name here. */
export const TRANSPORTS: readonly Layer[] = [tcp, udp, icmp, icmp6, igmp, sctp, dccp, udplite, gre, esp, ah];
