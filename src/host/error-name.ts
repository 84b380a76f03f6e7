import { ERRNO, type ErrnoName } from '../netfilter/constants.ts';

/** The name of the error that a process gets for a negative error number; undefined for success. */
export function errorName(result: number): ErrnoName | undefined {
  // A queue on the way that is full is no error of the sender's, unless it asked to be told (IP_RECVERR).
  if (result >= 0 || result === -ERRNO.ENOBUFS) return undefined;
  for (const name of Object.keys(ERRNO) as ErrnoName[]) if (ERRNO[name] === -result) return name;
  return 'EINVAL';
}
