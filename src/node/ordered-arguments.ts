import { parseArgs } from 'node:util';
import type { Command } from 'commander';

/** An option or an argument, as they follow one another on the command line. */
export type Ordered =
  | { readonly kind: 'option'; readonly name: string; readonly value: string | undefined }
  | { readonly kind: 'argument'; readonly value: string };

/**
 * The words of a command in their order, where the order means something (`--in lan0 PACKET --in wan0 PACKET`).
 * commander has checked them before; it tells options and arguments apart, but not how they alternate.
 */
export function orderedArguments(command: Command, argv: readonly string[]): Ordered[] {
  const options = Object.fromEntries(
    command.options.map(({ long, short, required, optional }) => [
      long!.replace(/^--/, ''),
      {
        type: required || optional ? ('string' as const) : ('boolean' as const),
        ...(short ? { short: short.replace(/^-/, '') } : {}),
        multiple: true,
      },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens.flatMap((token): Ordered[] => {
    if (token.kind === 'option') return [{ kind: 'option', name: token.name, value: token.value }];
    return token.kind === 'positional' ? [{ kind: 'argument', value: token.value }] : [];
  });
}

/** The words behind a command's name, as they were given to the program. */
export function wordsOf(command: Command): string[] {
  // commander keeps them on the program; its types leave them out.
  const given: unknown = Reflect.get(command.parent ?? command, 'rawArgs');
  const words = Array.isArray(given) ? given.map(String) : [];
  return words.slice(words.indexOf(command.name()) + 1);
}
