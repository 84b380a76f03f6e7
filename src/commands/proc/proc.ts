import type { Host } from '../../host/host.ts';
import type { ProcFolder } from './folder.ts';
import { HASHLIMIT } from './hashlimit.ts';
import { NET_FILES } from './net.ts';
import { RECENT } from './recent.ts';
import { isSysDirectory, readSys, writeSys } from './sys.ts';

/** Why a file cannot be read or written. */
export type ProcError = 'ENOENT' | 'EACCES' | 'EISDIR' | 'ENOTDIR' | 'EINVAL' | 'ENODEV';

/** The words of the C library for them. */
export const ERROR_TEXTS: Readonly<Record<ProcError, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  EINVAL: 'Invalid argument',
  ENODEV: 'No such device',
};

const DIRECTORIES = new Set(['/', '/proc', '/proc/net', '/proc/self/net']);
const SYS = '/proc/sys';
/** Folders whose files come and go, a line each. */
const FOLDERS: readonly ProcFolder[] = [RECENT, ...HASHLIMIT];

/** Reads a file of the host: /proc/net/… or /proc/sys/…; there are no others. */
export function readProc(
  host: Host,
  path: string,
): { readonly text: string } | { readonly error: ProcError } {
  const file = normalized(path);
  if (isDirectory(host, file)) return { error: 'EISDIR' };
  if (file.startsWith(`${SYS}/`)) return readSys(host, file);
  const net = NET_FILES.get(file);
  const own = folderOf(file);
  if (own) {
    const text = own.folder.read(host, own.name);
    return text === undefined ? { error: 'ENOENT' } : { text };
  }
  if (net) return path.endsWith('/') ? { error: 'ENOTDIR' } : { text: net(host) };
  return { error: insideFile(file) ? 'ENOTDIR' : 'ENOENT' };
}

/** Writes a file of the host; undefined if it was taken. */
export function writeProc(host: Host, path: string, text: string): ProcError | undefined {
  const file = normalized(path);
  if (isDirectory(host, file)) return 'EISDIR';
  if (file.startsWith(`${SYS}/`)) return writeSys(host, file, text);
  const own = folderOf(file);
  if (own) {
    if (own.folder.read(host, own.name) === undefined) return 'ENOENT';
    return own.folder.write ? own.folder.write(host, own.name, text) : 'EACCES';
  }
  if (NET_FILES.has(file)) return 'EACCES';
  return insideFile(file) ? 'ENOTDIR' : 'ENOENT';
}

function isDirectory(host: Host, file: string): boolean {
  return DIRECTORIES.has(file) || isSysDirectory(host, file) || FOLDERS.some(({ path }) => path === file);
}

/** The folder that a file lies in, and its name there. */
function folderOf(file: string): { readonly folder: ProcFolder; readonly name: string } | undefined {
  const folder = FOLDERS.find(({ path }) => file.startsWith(`${path}/`));
  const name = folder && file.slice(folder.path.length + 1);
  return folder && name && !name.includes('/') ? { folder, name } : undefined;
}

/** Without empty parts, `.` and `..`; /proc/self/net is /proc/net. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`.replace(/^\/proc\/(self|thread-self|1)\/net(?=\/|$)/, '/proc/net');
}

function insideFile(file: string): boolean {
  for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1)) {
    if (NET_FILES.has(file.slice(0, at))) return true;
  }
  return false;
}
