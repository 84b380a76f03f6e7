import type { Host } from '../../host/host.ts';
import type { Arguments } from './arguments.ts';

/** What stands before the object. */
export interface IpOptions {
  readonly family: 4 | 6 | undefined;
  readonly json: boolean;
  readonly oneLine: boolean;
  readonly brief: boolean;
  readonly details: boolean;
}

/** An object of `ip`: the function behind `ip route …`. Throws {@link IpProblem}. */
export type IpObject = (host: Host, args: Arguments, options: IpOptions) => string;
