/**
 * Verdicts of hook functions: small integers with the kernel's values (include/uapi/linux/netfilter.h).
 * DROP may carry an error number for a local sender, QUEUE a queue's number and the bypass flag.
 */
export const DROP = 0;
export const ACCEPT = 1;
export const STOLEN = 2;
export const QUEUE = 3;
export const REPEAT = 4;
export type Verdict = number;

const VERDICT_MASK = 0xff;
const BYPASS_FLAG = 0x8000;

/** The verdict without what it carries. */
export function verdictKind(verdict: Verdict): number {
  return verdict & VERDICT_MASK;
}

/** DROP that gives a local sender this error (a positive number of ERRNO) instead of EPERM. */
export function dropWithError(errno: number): Verdict {
  return DROP | (errno << 16);
}

/** The error number a DROP carries; 0 if none. */
export function dropError(verdict: Verdict): number {
  return verdict >>> 16;
}

/** QUEUE to the queue `number` (0–65535); with `bypass` the packet goes on if nobody listens there. */
export function queueTo(number: number, bypass = false): Verdict {
  return QUEUE | (bypass ? BYPASS_FLAG : 0) | (number << 16);
}

export function queueNumber(verdict: Verdict): number {
  return verdict >>> 16;
}

export function queueBypass(verdict: Verdict): boolean {
  return (verdict & BYPASS_FLAG) !== 0;
}

const NAMES = ['DROP', 'ACCEPT', 'STOLEN', 'QUEUE', 'REPEAT'];

export function verdictName(verdict: Verdict): string {
  return NAMES[verdict & VERDICT_MASK] ?? `verdict ${verdict}`;
}
