import * as op from './code.ts';
import { type Instruction, MEMORY } from './code.ts';
import { factAt } from './facts.ts';

const ARITHMETIC = [op.ADD, op.SUB, op.MUL, op.DIV, op.OR, op.AND, op.LSH, op.RSH, op.MOD, op.XOR];
const COMPARISONS = [op.JEQ, op.JGT, op.JGE, op.JSET];
const withIndex = (codes: readonly number[]): readonly number[] => [
  ...codes,
  ...codes.map((code) => code | op.SOURCE_X),
];
const ABSOLUTE = [op.LD_W_ABS, op.LD_H_ABS, op.LD_B_ABS];
const CONDITIONAL = new Set(withIndex(COMPARISONS));
const MEMORY_USES = [op.LD_MEM, op.LDX_MEM, op.ST, op.STX];

const ALLOWED = new Set([
  ...ABSOLUTE,
  ...[op.LD_W_IND, op.LD_H_IND, op.LD_B_IND, op.LD_IMM, op.LD_LEN],
  ...[op.LDX_IMM, op.LDX_LEN, op.LDX_MSH],
  ...MEMORY_USES,
  ...withIndex(ARITHMETIC),
  ...CONDITIONAL,
  ...[op.NEG, op.JA, op.RET_K, op.RET_A, op.TAX, op.TXA],
]);

/**
 * Whether the kernel takes a program: known instructions, sound operands, jumps that stay inside, a return at the end, no
 * word of memory read that may not have been written (net/core/filter.c bpf_check_classic, check_load_and_stores).
 */
export function isSound(program: readonly Instruction[]): boolean {
  const last = program.at(-1);
  return (
    last !== undefined &&
    (last.code === op.RET_K || last.code === op.RET_A) &&
    program.every((instruction, at) => isSoundAt(instruction, at, program.length)) &&
    readsWhatWasWritten(program)
  );
}

function isSoundAt({ code, jt, jf, k }: Instruction, at: number, length: number): boolean {
  if (!ALLOWED.has(code)) return false;
  if (code === op.DIV || code === op.MOD) return k !== 0;
  if (code === op.LSH || code === op.RSH) return k < 32;
  if (MEMORY_USES.includes(code)) return k < MEMORY;
  if (code === op.JA) return k < length - at - 1;
  if (CONDITIONAL.has(code)) return at + jt + 1 < length && at + jf + 1 < length;
  if (ABSOLUTE.includes(code)) return k < op.FACTS || factAt(k) !== undefined;
  return true;
}

/** Follows which words of memory have been written on every way to an instruction; jumps only go forward. */
function readsWhatWasWritten(program: readonly Instruction[]): boolean {
  const written = new Uint16Array(program.length + 1).fill(0xffff);
  let now = 0;
  for (const [at, { code, jt, jf, k }] of program.entries()) {
    now &= written[at]!;
    if (code === op.ST || code === op.STX) now |= 1 << k;
    else if (code === op.LD_MEM || code === op.LDX_MEM) {
      if ((now & (1 << k)) === 0) return false;
    } else if (code === op.JA || CONDITIONAL.has(code)) {
      for (const to of code === op.JA ? [k] : [jt, jf]) written[at + 1 + to]! &= now;
      now = 0xffff;
    }
  }
  return true;
}
