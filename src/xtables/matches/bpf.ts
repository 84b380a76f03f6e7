import { isSound } from '../bpf/check.ts';
import { type Instruction, MOST_INSTRUCTIONS } from '../bpf/code.ts';
import { Program } from '../bpf/run.ts';
import { defineMatch, option, type ValueType } from '../extension.ts';
import { Problem } from '../problem.ts';

/** A number as C's sscanf reads it: blanks and a sign in front. */
const NUMBER = '[ \\t\\n\\v\\f\\r]*([+-]?[0-9]+)';
const LENGTH = new RegExp(`^${NUMBER},`);
const INSTRUCTION = new RegExp(`^${NUMBER.repeat(4)}`);

const LARGEST = 0xffff_ffff_ffff_ffffn;

/** What sscanf keeps of it: the lower bits, of the largest number if it has more than 64. */
function lower(digits: string, bits: number): number {
  const value = BigInt(digits.replace('+', ''));
  const magnitude = value < 0n ? -value : value;
  return Number(BigInt.asUintN(bits, magnitude > LARGEST ? LARGEST : value));
}

const bytecode: ValueType<readonly Instruction[]> = {
  syntax: 'n,code jt jf k[,…]',
  argument: 'required',
  examples: [['4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0'], ['1,6 0 0 1']],
  parse(text) {
    const head = LENGTH.exec(text);
    if (!head) throw new Problem('bpf: error parsing program length');
    const length = lower(head[1]!, 16);
    if (length === 0) throw new Problem('bpf: illegal zero length program');
    if (length > MOST_INSTRUCTIONS) throw new Problem('bpf: number of instructions exceeds maximum');
    const program: Instruction[] = [];
    let rest = text.slice(text.indexOf(',') + 1);
    while (rest !== '') {
      if (program.length >= length) {
        throw new Problem('bpf: real program length exceeds the encoded length parameter');
      }
      const found = INSTRUCTION.exec(rest);
      if (!found) throw new Problem(`bpf: error at instr ${program.length}`);
      program.push({
        code: lower(found[1]!, 16),
        jt: lower(found[2]!, 8),
        jf: lower(found[3]!, 8),
        k: lower(found[4]!, 32),
      });
      const comma = rest.indexOf(',');
      rest = comma < 0 ? '' : rest.slice(comma + 1);
    }
    if (program.length !== length) {
      throw new Problem('bpf: parsed program length is less than the encoded length parameter');
    }
    return program;
  },
  print: (program) => `"${program.length},${program.map(printed).join(',')}"`,
};

const printed = ({ code, jt, jf, k }: Instruction): string => `${code} ${jt} ${jf} ${k}`;

/** There is no BPF file system here, so no such file. */
const pinned: ValueType<string> = {
  syntax: 'path',
  argument: 'required',
  parse() {
    throw new Problem('bpf: failed to get bpf object');
  },
  print: (path) => path,
};

export const bpf = defineMatch({
  name: 'bpf',
  revision: 1,
  summary: 'what a program in classic BPF finds',
  about:
    'The program sees the packet from the IP header on, and the facts that BPF knows about it at negative offsets; the rule ' +
    'matches if it returns anything but 0. A load from outside of the packet returns 0. `nfbpf_compile` and ' +
    '`tcpdump -ddd` (joined by commas) write such programs. Programs in a BPF file system do not exist here.',
  source: 'net/netfilter/xt_bpf.c bpf_mt; net/core/filter.c',
  options: {
    bytecode: option(bytecode, {
      excludes: ['object-pinned'],
      help: 'The number of instructions, then each one: code, jumps if true and if false, operand.',
    }),
    'object-pinned': option(pinned, {
      excludes: ['bytecode'],
      help: 'A program pinned in a BPF file system.',
    }),
  },
  verify(values) {
    if (!values.bytecode && !values['object-pinned']) {
      throw new Problem('bpf: one of --bytecode or --pinned is required');
    }
  },
  // The real tool writes no blank in front, and a NUL behind.
  list: ({ bytecode: given }) => (given ? `match bpf ${given.value.map(printed).join(',')}\0` : ''),
  check: ({ bytecode: given }) => (given && isSound(given.value) ? undefined : 'EINVAL'),
  tests({ bytecode: given }, { services }) {
    if (!given) return [];
    const program = new Program(given.value);
    return [
      {
        option: 'bytecode',
        run: (packet, place) => program.run({ packet, place, services }) !== 0,
        explain: () => 'the program returns 0',
      },
    ];
  },
});
