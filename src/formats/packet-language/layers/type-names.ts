import type { Header, Word } from '../layer.ts';

/** Names of types, with their code. */
export type TypeNames = Readonly<Record<string, readonly [type: number, code: number]>>;

/** Sets type and code of an ICMP, ICMPv6 or IGMP header if `word` names them. */
export function acceptType(word: string, header: Header, names: TypeNames): boolean {
  const named = Object.hasOwn(names, word) ? names[word] : undefined;
  if (!named) return false;
  header.bytes[0] = named[0];
  header.bytes[1] = named[1];
  return true;
}

/** The name of type and code; numbers if they have none. */
export function printType(header: Header, names: TypeNames): Word[] {
  const [type, code] = header.bytes;
  const name = Object.entries(names).find(([, known]) => known[0] === type && known[1] === code)?.[0];
  const text = name ?? (code === 0 ? `type ${type}` : `type ${type} code ${code}`);
  return [{ text, brief: text }];
}
