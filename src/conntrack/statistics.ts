/** What `conntrack -S` counts (struct ip_conntrack_stat). */
export class Statistics {
  found = 0;
  invalid = 0;
  insert = 0;
  insertFailed = 0;
  drop = 0;
  earlyDrop = 0;
  /** Packets whose protocol could not even be read. */
  error = 0;
  searchRestart = 0;
  clashResolve = 0;
  chainTooLong = 0;
  expectNew = 0;
  expectCreate = 0;
  expectDelete = 0;
}
