#!/usr/bin/env node
// `npm run build`: dist/ afresh, from the sources as they are.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup.mjs';

rmSync(join(root, 'dist'), { recursive: true, force: true });
const done = spawnSync('npx', ['tsdown'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
process.exit(done.status ?? 1);
