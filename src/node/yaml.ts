import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { FieldPath } from '../formats/fields.ts';
import type { Document } from './document.ts';
import { UserProblem } from './problem.ts';

/** Aliases that a document may expand to; a few lines of them can mean gigabytes. */
const MAX_ALIASES = 1000;

/** Reads YAML 1.2; in a file of its own, since few runs need the parser. */
export function yamlDocument(file: string, text: string): Document {
  const lines = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const at = (offset: number, further = 0) => {
    const { line, col } = lines.linePos(offset);
    return further > 0 ? `${file}:${line + further}:1` : `${file}:${line}:${col}`;
  };
  const problem = parsed.errors[0];
  if (problem) throw new UserProblem(`${at(problem.pos[0])}: not YAML: ${problem.message}`);
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw new UserProblem(`${file}: not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  return {
    file,
    value,
    place(path, atKey = false, lineOffset = 0) {
      const node = find(parsed.contents, path, atKey);
      const isBlock = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
      return at(node?.range?.[0] ?? 0, isBlock ? lineOffset + 1 : 0);
    },
  };
}

/** The node at a path, or its key's; the nearest one around it if there is none. */
function find(root: Node | null, path: FieldPath, atKey: boolean): Node | undefined {
  let node = root ?? undefined;
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) return node;
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      next = atKey && depth === path.length - 1 ? pair?.key : (pair?.value ?? pair?.key);
    } else if (isSeq(node)) {
      next = node.items[Number(key)];
    }
    if (!next) return node;
    node = next as Node;
  }
  return node;
}
