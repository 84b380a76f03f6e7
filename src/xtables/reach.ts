import type { Chain, TableImage } from './image.ts';
import { isFinal } from './rule.ts';

/** From which hooks each rule can be reached, as bits `1 << hook`; by chain, then by place in it. */
export type Reach = ReadonlyMap<Chain, Uint8Array>;

interface Frame {
  readonly chain: Chain;
  next: number;
}

/**
 * Walks every path from every built-in chain, as the kernel does before it takes a table (net/ipv4/netfilter/ip_tables.c
 * mark_source_chains): what lies behind an unconditional verdict, or in a chain that nothing leads to, is not walked. A
 * jump into a chain that is being walked is a loop.
 */
export function reachOf(image: TableImage): Reach | 'loop' {
  const reach = new Map<Chain, Uint8Array>();
  for (const chain of image.chains) reach.set(chain, new Uint8Array(chain.entries.length + 1));
  const onPath = new Set<Chain>();
  for (const start of image.chains) {
    if (start.hook === undefined) continue;
    const bit = 1 << start.hook;
    const stack: Frame[] = [{ chain: start, next: 0 }];
    onPath.add(start);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      const { chain } = frame;
      const marks = reach.get(chain)!;
      if (frame.next > chain.entries.length) {
        onPath.delete(chain);
        stack.pop();
        continue;
      }
      const at = frame.next++;
      marks[at] = marks[at]! | bit;
      const entry = chain.entries[at];
      if (entry === undefined) continue;
      const { rule } = entry;
      if (isFinal(rule)) {
        frame.next = chain.entries.length + 1;
      } else if (rule.action.kind === 'chain') {
        const target = image.chain(rule.action.chain)!;
        if (onPath.has(target)) return 'loop';
        if (reach.get(target)![0]! & bit) continue;
        onPath.add(target);
        stack.push({ chain: target, next: 0 });
      }
    }
  }
  return reach;
}
