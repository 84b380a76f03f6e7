import { transportOf } from '../conntrack/transport.ts';
import type { Host } from '../host/host.ts';
import { INPUT } from '../netfilter/constants.ts';
import type { Packet } from '../netfilter/packet.ts';
import { ACCEPT, STOLEN } from '../netfilter/verdict.ts';
import {
  IPPROTO_DCCP,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from '../wire/protocols.ts';

/** Behind everything that looks at packets for local processes (NF_IP_PRI_LAST). */
const LAST = 2 ** 31 - 1;
const NAME = 'the captured machine’s own';
const FOR_PROCESSES = new Set([IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE, IPPROTO_SCTP, IPPROTO_DCCP]);
const ECHO_REQUEST = 8;
const ECHO_REQUEST6 = 128;

/**
 * Takes what is for local processes, and echo requests, once all hooks have let it pass: where the capture holds what the
 * captured machine said to it, the host must not answer a second time.
 */
export function takeForProcesses({ hooks, pool }: Pick<Host, 'hooks' | 'pool'>): void {
  hooks.register({
    name: NAME,
    hook: INPUT,
    priority: LAST,
    run: (packet) => {
      if (!isAnswered(packet)) return ACCEPT;
      hooks.observer?.deliver?.(packet, 'a local process');
      pool.release(packet);
      return STOLEN;
    },
  });
}

function isAnswered({ bytes, network, end, family }: Packet): boolean {
  const transport = transportOf(bytes, network, end, family);
  if (!transport) return false;
  const { protocol, offset } = transport;
  if (protocol === IPPROTO_ICMP) return bytes[offset] === ECHO_REQUEST;
  if (protocol === IPPROTO_ICMPV6) return bytes[offset] === ECHO_REQUEST6;
  return FOR_PROCESSES.has(protocol);
}
