import type { Packet } from '../../netfilter/packet.ts';
import { queueTo } from '../../netfilter/verdict.ts';
import { defineTarget, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';
import { range16 } from '../ranges.ts';
import { flag, integer, type Range } from '../values.ts';

const balance: ValueType<Range> = {
  ...range16,
  syntax: 'first:last',
  parse(given, context) {
    const range = range16.parse(given, context);
    if (!given.includes(':')) throw new Problem(`Bad range "${given}"`);
    if (range.min >= range.max) throw new Problem(`${range.min} should be less than ${range.max}`);
    return range;
  },
  print: ({ min, max }) => `${min}:${max}`,
};

/** A flow always goes to the same queue, in either direction (nfqueue_hash; the kernel's hash has a random seed). */
function hashOf({ bytes, network, family }: Packet, seed: number): number {
  const [source, destination, length] = family === 4 ? [12, 16, 4] : [8, 24, 16];
  let hash = seed;
  for (let i = 0; i < length; i++) {
    const a = bytes[network + source + i]!;
    const b = bytes[network + destination + i]!;
    hash = Math.imul(hash ^ (a + b), 0x01000193);
    hash = Math.imul(hash ^ (a * b), 0x01000193);
  }
  hash = Math.imul(hash ^ bytes[network + (family === 4 ? 9 : 6)]!, 0x01000193);
  // The upper bits choose the queue: all of them must depend on all of the flow (the end of MurmurHash3).
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export const NFQUEUE = defineTarget({
  name: 'NFQUEUE',
  revision: 3,
  summary: 'hands the packet to the listener of a queue',
  about:
    'Without a listener the packet is dropped, or goes on with --queue-bypass. With --queue-cpu-fanout the number of the host’s ' +
    'CPU chooses the queue.',
  source: 'net/netfilter/xt_NFQUEUE.c nfqueue_tg_v3',
  options: {
    'queue-num': option(integer(0, 65535), {
      excludes: ['queue-balance'],
      help: 'The queue, 0 if left out.',
    }),
    'queue-balance': option(balance, {
      excludes: ['queue-num'],
      help: 'Spreads flows over the queues of a range.',
    }),
    'queue-bypass': option(flag, { help: 'Lets the packet go on if nobody listens.' }),
    'queue-cpu-fanout': option(flag, { needs: ['queue-balance'], help: 'Chooses the queue by the CPU.' }),
  },
  terminal: true,
  settle(values) {
    if (values['queue-num'] || values['queue-balance']) return values;
    return { 'queue-num': { value: 0, inverted: false }, ...values };
  },
  list(values, context) {
    const range = values['queue-balance'];
    const which = range
      ? ` balance ${balance.print(range.value, context)}`
      : ` num ${values['queue-num']?.value ?? 0}`;
    return ` NFQUEUE${which}${values['queue-bypass'] ? ' bypass' : ''}${values['queue-cpu-fanout'] ? ' cpu-fanout' : ''}`;
  },
  create(values, { services }) {
    const bypass = values['queue-bypass'] !== undefined;
    const range = values['queue-balance']?.value;
    if (!range) {
      const verdict = queueTo(values['queue-num']?.value ?? 0, bypass);
      return () => verdict;
    }
    const count = range.max - range.min + 1;
    if (values['queue-cpu-fanout']) return () => queueTo(range.min + (services.cpu() % count), bypass);
    const seed = services.random();
    return (packet) => queueTo(range.min + Math.floor((hashOf(packet, seed) * count) / 2 ** 32), bypass);
  },
});
