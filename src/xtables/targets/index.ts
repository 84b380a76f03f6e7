import type { Target } from '../extension.ts';
import { ACCEPT } from './ACCEPT.ts';
import { DROP } from './DROP.ts';
import { MARK } from './MARK.ts';
import { QUEUE } from './QUEUE.ts';
import { RETURN } from './RETURN.ts';

/** Every target there is: one line each; a file with a definition for each family is spread (`...REJECT`). */
export const TARGETS: readonly Target[] = [ACCEPT, DROP, MARK, QUEUE, RETURN];
