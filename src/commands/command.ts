import type { Host } from '../host/host.ts';

/** What a command answers: as of a process. */
export interface CommandResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /**
   * Set if the command was refused for want of something that real Linux has: `match state`, `command conntrack`.
   * `stderr` then says `not supported yet: match state`, and nothing was changed.
   */
  readonly unsupported?: string;
}

/**
 * A command of an administrator: a function of the host, the arguments and standard input. `argv[0]` is the name it
 * was called by. Text is Latin-1 where the real tools handle bytes. A command changes the host wholly or not at all,
 * as the real one does, and never throws for what it was given.
 */
export type Command = (host: Host, argv: readonly string[], stdin: string) => CommandResult;
