/**
 * Classic BPF: instructions as the `bpf` match takes them (S. McCanne, V. Jacobson, The BSD Packet Filter, 1993; numbers of
 * include/uapi/linux/bpf_common.h and filter.h).
 */
export interface Instruction {
  /** Class, size, mode and source in one number, 16 bits. */
  readonly code: number;
  /** How many instructions to skip if a comparison holds, and if not; 8 bits each. */
  readonly jt: number;
  readonly jf: number;
  /** The operand, unsigned 32 bits. */
  readonly k: number;
}

/** Most instructions of a rule (XT_BPF_MAX_NUM_INSTR). */
export const MOST_INSTRUCTIONS = 64;
/** Words of scratch memory. */
export const MEMORY = 16;

// Loads into the accumulator (LD) and the index register (LDX): words, halves and bytes; absolute, indexed, or others.
export const LD_W_ABS = 0x20;
export const LD_H_ABS = 0x28;
export const LD_B_ABS = 0x30;
export const LD_W_IND = 0x40;
export const LD_H_IND = 0x48;
export const LD_B_IND = 0x50;
export const LD_IMM = 0x00;
export const LD_MEM = 0x60;
export const LD_LEN = 0x80;
export const LDX_IMM = 0x01;
export const LDX_MEM = 0x61;
export const LDX_LEN = 0x81;
/** Four times the low half of a byte: the length of an IP header. */
export const LDX_MSH = 0xb1;
export const ST = 0x02;
export const STX = 0x03;

// Arithmetic on the accumulator; plus SOURCE_X, with the index register instead of the operand.
export const SOURCE_X = 0x08;
export const ADD = 0x04;
export const SUB = 0x14;
export const MUL = 0x24;
export const DIV = 0x34;
export const OR = 0x44;
export const AND = 0x54;
export const LSH = 0x64;
export const RSH = 0x74;
export const NEG = 0x84;
export const MOD = 0x94;
export const XOR = 0xa4;

// Jumps forward; conditional ones may have SOURCE_X.
export const JA = 0x05;
export const JEQ = 0x15;
export const JGT = 0x25;
export const JGE = 0x35;
export const JSET = 0x45;

export const RET_K = 0x06;
export const RET_A = 0x16;
export const TAX = 0x07;
export const TXA = 0x87;

// Where negative offsets of absolute loads lie: facts about the packet, from the IP header on, from the Ethernet header on.
export const FACTS = 0xffff_f000;
export const FROM_NETWORK = -0x10_0000;
export const FROM_LINK = -0x20_0000;
