import type { Match } from '../extension.ts';
import { comment } from './comment.ts';
import { mark } from './mark.ts';
import { tcp } from './tcp.ts';

/** Every match there is: one line each; a file with a definition for each family is spread (`...icmp`). */
export const MATCHES: readonly Match[] = [comment, mark, tcp];
