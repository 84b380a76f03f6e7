#!/usr/bin/env node
// `npm start`: sets a fresh checkout up, then carries the bundled capture through the bundled ruleset.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuild, root } from './setup.mjs';

ensureBuild();
const done = spawnSync(process.execPath, [join(root, 'bin', 'fivehooks'), 'demo', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exit(done.status ?? 1);
