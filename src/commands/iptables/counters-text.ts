import type { Count } from '../../xtables/table.ts';

/** `[12:3456]`, as sscanf with "[%llu:%llu]" reads it. */
export function parseCounters(text: string): Count | undefined {
  const found = /^\[[ \t]*([+-]?[0-9]+):[ \t]*([+-]?[0-9]+)/.exec(text);
  if (!found) return undefined;
  return { packets: wrap(found[1]!), bytes: wrap(found[2]!) };
}

/** A decimal number as sscanf's %llu stores it: a minus sign wraps, what is too large is the largest. */
export function wrap(text: string): bigint {
  const value = BigInt(text.replace(/^\+/, ''));
  if (value > 0xffffffffffffffffn || value < -0xffffffffffffffffn) return 0xffffffffffffffffn;
  return BigInt.asUintN(64, value);
}
