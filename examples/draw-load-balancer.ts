/** Writes examples/load-balancer.svg from a run of the example: npx tsx examples/draw-load-balancer.ts */
import { writeFileSync } from 'node:fs';
import { events, shares } from './load-balancer.ts';
import { sharesPicture } from './load-balancer-picture.ts';

writeFileSync(new URL('load-balancer.svg', import.meta.url), sharesPicture(shares, events));
