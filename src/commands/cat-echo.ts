import type { Host } from '../host/host.ts';
import type { CommandResult } from './command.ts';
import { ERROR_TEXTS, readProc } from './proc/proc.ts';

/** `cat [FILE…]`: prints files of /proc, or standard input. */
export function cat(host: Host, argv: readonly string[], stdin: string): CommandResult {
  const files = argv.slice(1).filter((word) => word !== '-u' && word !== '--');
  const option = files.find((word) => word.length > 1 && word.startsWith('-'));
  if (option) {
    const which = option.startsWith('--')
      ? `unrecognized option '${option}'`
      : `invalid option -- '${option[1]}'`;
    return { exit: 1, stdout: '', stderr: `cat: ${which}\nTry 'cat --help' for more information.\n` };
  }
  if (files.length === 0) return { exit: 0, stdout: stdin, stderr: '' };
  let stdout = '';
  let stderr = '';
  for (const file of files) {
    if (file === '-') {
      stdout += stdin;
      continue;
    }
    const read = readProc(host, file);
    if ('text' in read) stdout += read.text;
    else stderr += `cat: ${file}: ${ERROR_TEXTS[read.error]}\n`;
  }
  return { exit: stderr === '' ? 0 : 1, stdout, stderr };
}

/** `echo [-n] WORD…`. */
export function echo(_host: Host, argv: readonly string[]): CommandResult {
  const words = argv.slice(1);
  const bare = words[0] === '-n';
  return { exit: 0, stdout: `${words.slice(bare ? 1 : 0).join(' ')}${bare ? '' : '\n'}`, stderr: '' };
}
