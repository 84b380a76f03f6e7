import type { Host } from '../../host/host.ts';
import type { ProcError } from './proc.ts';

const ROOT = '/proc/sys/';

/** A file of /proc/sys: a setting. */
export function readSys(host: Host, file: string): { readonly text: string } | { readonly error: ProcError } {
  const text = host.sysctl.get(file.slice(ROOT.length));
  return text === undefined ? { error: missing(host, file) } : { text: `${text}\n` };
}

/** Writes a setting; undefined if it was taken. */
export function writeSys(host: Host, file: string, text: string): ProcError | undefined {
  const error = host.sysctl.set(file.slice(ROOT.length), text);
  if (error === undefined) return undefined;
  if (error === 'ENOENT') return missing(host, file);
  return error === 'EACCES' ? 'EACCES' : 'EINVAL';
}

/** Whether a path is a folder of settings. */
export function isSysDirectory(host: Host, file: string): boolean {
  return file === '/proc/sys' || (file.startsWith(ROOT) && host.sysctl.isDirectory(file.slice(ROOT.length)));
}

/** A setting is no folder. */
function missing(host: Host, file: string): ProcError {
  const folder = file.slice(ROOT.length, file.lastIndexOf('/'));
  return host.sysctl.get(folder) === undefined ? 'ENOENT' : 'ENOTDIR';
}
