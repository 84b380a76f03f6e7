import type { Host } from '../../host/host.ts';
import type { ProcError } from './proc.ts';

/** A folder of /proc whose files come and go: lists of an extension. */
export interface ProcFolder {
  /** `/proc/net/xt_recent`. */
  readonly path: string;
  /** Text of a file; undefined if there is none of that name. */
  read(host: Host, name: string): string | undefined;
  /** Writes a file; undefined if it was taken. Left out: files are only for reading. */
  write?(host: Host, name: string, text: string): ProcError | undefined;
}
