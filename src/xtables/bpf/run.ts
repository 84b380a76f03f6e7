import type { Packet } from '../../netfilter/packet.ts';
import * as op from './code.ts';
import { FROM_LINK, FROM_NETWORK, type Instruction, MEMORY } from './code.ts';
import { type Fact, factAt, type Subject } from './facts.ts';

/** What ends a program: a load from outside of the packet, or a fact that there is none of. */
const OUTSIDE = -1;

/** `size` bytes at an offset, unsigned; {@link OUTSIDE} if they are not all in the packet (bpf_skb_load_helper). */
function load(packet: Packet, offset: number, size: number): number {
  const { bytes, end } = packet;
  let at = packet.network + offset;
  if (offset < 0) {
    if (offset >= FROM_NETWORK) at = packet.network + offset - FROM_NETWORK;
    else if (offset >= FROM_LINK && packet.link >= 0) at = packet.link + offset - FROM_LINK;
    else return OUTSIDE;
  }
  if (at < 0 || at + size > end) return OUTSIDE;
  if (size === 1) return bytes[at]!;
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  return size === 2 ? high : ((high << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

const SIZES = [4, 2, 1];
const sizeOf = (code: number): number => SIZES[(code >> 3) & 3]!;

/** A program that {@link isSound}, ready to run. */
export class Program {
  readonly #instructions: readonly Instruction[];
  /** The fact that an instruction loads, by its place. */
  readonly #facts: readonly (Fact | undefined)[];
  readonly #memory = new Uint32Array(MEMORY);

  constructor(instructions: readonly Instruction[]) {
    this.#instructions = instructions;
    this.#facts = instructions.map(({ code, k }) =>
      code === op.LD_W_ABS || code === op.LD_H_ABS || code === op.LD_B_ABS ? factAt(k) : undefined,
    );
  }

  /** What it returns, unsigned; 0 where a load fails. Jumps go forward, so it ends. */
  run(subject: Subject): number {
    const { packet } = subject;
    const instructions = this.#instructions;
    const memory = this.#memory;
    let a = 0;
    let x = 0;
    for (let at = 0; at < instructions.length; at++) {
      const { code, jt, jf, k } = instructions[at]!;
      switch (code) {
        case op.LD_W_ABS:
        case op.LD_H_ABS:
        case op.LD_B_ABS: {
          const fact = this.#facts[at];
          const value = fact ? fact(subject, a, x) : load(packet, k | 0, sizeOf(code));
          // A fact that there is none of leaves the accumulator as it is (net/core/filter.c convert_bpf_extensions).
          if (value === OUTSIDE) return fact ? a : 0;
          a = value;
          break;
        }
        case op.LD_W_IND:
        case op.LD_H_IND:
        case op.LD_B_IND:
          a = load(packet, (x + k) | 0, sizeOf(code));
          if (a === OUTSIDE) return 0;
          break;
        case op.LDX_MSH: {
          const byte = load(packet, k | 0, 1);
          if (byte === OUTSIDE) return 0;
          x = (byte & 15) * 4;
          break;
        }
        case op.LD_IMM:
          a = k;
          break;
        case op.LDX_IMM:
          x = k;
          break;
        case op.LD_LEN:
          a = packet.length;
          break;
        case op.LDX_LEN:
          x = packet.length;
          break;
        case op.LD_MEM:
          a = memory[k]!;
          break;
        case op.LDX_MEM:
          x = memory[k]!;
          break;
        case op.ST:
          memory[k] = a;
          break;
        case op.STX:
          memory[k] = x;
          break;
        case op.TAX:
          x = a;
          break;
        case op.TXA:
          a = x;
          break;
        case op.NEG:
          a = -a >>> 0;
          break;
        case op.JA:
          at += k;
          break;
        case op.RET_K:
          return k;
        case op.RET_A:
          return a;
        default: {
          const operand = code & op.SOURCE_X ? x : k;
          const operation = code & ~op.SOURCE_X;
          if ((operation & 7) === (op.JEQ & 7)) at += holds(operation, a, operand) ? jt : jf;
          else {
            if (operand === 0 && (operation === op.DIV || operation === op.MOD)) return 0;
            a = calculate(operation, a, operand);
          }
        }
      }
    }
    return 0;
  }
}

function holds(operation: number, a: number, operand: number): boolean {
  switch (operation) {
    case op.JEQ:
      return a === operand;
    case op.JGT:
      return a > operand;
    case op.JGE:
      return a >= operand;
    default:
      return (a & operand) !== 0;
  }
}

/** In 32 bits, unsigned; shifts count modulo 32. */
function calculate(operation: number, a: number, operand: number): number {
  switch (operation) {
    case op.ADD:
      return (a + operand) >>> 0;
    case op.SUB:
      return (a - operand) >>> 0;
    case op.MUL:
      return Math.imul(a, operand) >>> 0;
    case op.DIV:
      return Math.floor(a / operand);
    case op.MOD:
      return a % operand;
    case op.OR:
      return (a | operand) >>> 0;
    case op.AND:
      return (a & operand) >>> 0;
    case op.XOR:
      return (a ^ operand) >>> 0;
    case op.LSH:
      return (a << operand) >>> 0;
    default:
      return a >>> operand;
  }
}
