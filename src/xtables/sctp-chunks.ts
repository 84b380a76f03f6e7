/** Names of SCTP chunks and of their flags, as the match `sctp` reads and writes them. */
import { Problem } from './problem.ts';

interface Chunk {
  readonly name: string;
  /** Letters of the flags, the one of bit 0 last; `-` for bits without one. */
  readonly flags: string;
  /** Place in this table: what the real tool tells the kernel instead of the type where flags are asked for. */
  readonly index: number;
}

/** By type. */
export const CHUNKS: ReadonlyMap<number, Chunk> = new Map(
  (
    [
      [0, 'DATA', 'IUBE'],
      [1, 'INIT'],
      [2, 'INIT_ACK'],
      [3, 'SACK'],
      [4, 'HEARTBEAT'],
      [5, 'HEARTBEAT_ACK'],
      [6, 'ABORT', 'T'],
      [7, 'SHUTDOWN'],
      [8, 'SHUTDOWN_ACK'],
      [9, 'ERROR'],
      [10, 'COOKIE_ECHO'],
      [11, 'COOKIE_ACK'],
      [12, 'ECN_ECNE'],
      [13, 'ECN_CWR'],
      [14, 'SHUTDOWN_COMPLETE', 'T'],
      [64, 'I_DATA', 'IUBE'],
      [128, 'ASCONF_ACK'],
      [130, 'RE_CONFIG'],
      [132, 'PAD'],
      [192, 'FORWARD_TSN'],
      [193, 'ASCONF'],
      [194, 'I_FORWARD_TSN'],
    ] as const
  ).map(([type, name, flags = ''], index) => [type, { name, flags: flags.padStart(8, '-'), index }]),
);

/**
 * What is asked of the flags of a type: these bits count, and these of them must be set. The type is the real tool's: for
 * I_DATA and those behind it that of another chunk, so that their flags have no effect and are not printed.
 */
export interface ChunkFlags {
  readonly type: number;
  readonly mask: number;
  readonly set: number;
}

/** Most types of a rule whose flags are asked for (XT_NUM_SCTP_FLAGS), and what the real tool says to more. */
const MOST_FLAGGED = 4;
const TOO_MANY =
  'Number of chunk types with flags exceeds currently allowed limit. Increasing this limit involves changing ' +
  'IPT_NUM_SCTP_FLAGS and recompiling both the kernel space and user space modules';

export const chunkName = (type: number): string => CHUNKS.get(type)?.name ?? '';

const ALL = Array.from({ length: 256 }, (_, type) => type);

/** `DATA:Be,INIT`, ALL or NONE. */
export function readChunks(text: string): { types: readonly number[]; flags: readonly ChunkFlags[] } {
  const wanted = text.toUpperCase();
  if (wanted === 'ALL') return { types: ALL, flags: [] };
  if (wanted === 'NONE') return { types: [], flags: [] };
  const flags = new Map<number, ChunkFlags>();
  const types = new Set<number>();
  for (const word of text.split(',').filter((one) => one !== '')) {
    const colon = word.indexOf(':');
    const name = colon < 0 ? word : word.slice(0, colon);
    const found = [...CHUNKS].find(([, chunk]) => chunk.name === name.toUpperCase());
    if (!found) throw new Problem(`Unknown sctp chunk \`${name}'`);
    const [type, { flags: letters, index }] = found;
    types.add(type);
    if (colon < 0) continue;
    if (!flags.has(index) && flags.size >= MOST_FLAGGED) throw new Problem(TOO_MANY);
    let { mask, set } = flags.get(index) ?? { mask: 0, set: 0 };
    for (const letter of word.slice(colon + 1)) {
      const place = letters.indexOf(letter.toUpperCase());
      if (place < 0) throw new Problem(`Invalid flags for chunk type ${index}`);
      const bit = 0x80 >> place;
      mask |= bit;
      if (/[A-Z]/.test(letter)) set |= bit;
    }
    flags.set(index, { type: index, mask, set });
  }
  return { types: [...types].sort((a, b) => a - b), flags: [...flags.values()] };
}

/** `:Be`; nothing if no flag counts. */
export function flagText(asked: ChunkFlags | undefined): string {
  if (!asked || asked.mask === 0) return '';
  const { flags: letters } = CHUNKS.get(asked.type)!;
  const shown = [...letters].map((letter, place) => {
    const bit = 0x80 >> place;
    if ((asked.mask & bit) === 0) return '';
    return (asked.set & bit) !== 0 ? letter : letter.toLowerCase();
  });
  return `:${shown.join('')}`;
}
