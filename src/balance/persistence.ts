import { Tuple } from '../conntrack/tuple.ts';
import { prefixMask4 } from '../wire/address.ts';
import type { Service } from './service.ts';

const template = new Tuple();

/**
 * What a client is known by for persistence: its network, and the service. A service by mark counts as one, whatever
 * address the client asked for; one for all ports as one port. Reused: copy it. (ip_vs_sched_persist)
 */
export function templateOf(service: Service, tuple: Tuple): Tuple {
  const { prefix } = service;
  template.copyFrom(tuple);
  template.sourcePart = 0;
  template.destinationPart = service.port;
  if (tuple.family === 4) {
    template.src0 = tuple.src0 & prefixMask4(prefix);
  } else {
    template.src0 = tuple.src0 & wordMask(prefix);
    template.src1 = tuple.src1 & wordMask(prefix - 32);
    template.src2 = tuple.src2 & wordMask(prefix - 64);
    template.src3 = tuple.src3 & wordMask(prefix - 96);
  }
  if (service.mark !== 0) {
    template.protocol = 0;
    template.dst0 = service.mark | 0;
    template.dst1 = 0;
    template.dst2 = 0;
    template.dst3 = 0;
  }
  return template;
}

function wordMask(bits: number): number {
  return prefixMask4(Math.min(32, Math.max(0, bits)));
}
