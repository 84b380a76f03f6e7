#!/usr/bin/env node
// `npm run check`: types, lint, floors, dead code and the quick tests, side by side; under 50 seconds.
import { spawn } from 'node:child_process';
import { ensurePackages, root } from './setup.mjs';

ensurePackages();
const steps = {
  types: ['npx', ['tsc', '--noEmit', '-p', '.']],
  lint: ['npx', ['biome', 'check', '--error-on-warnings', '.']],
  floors: ['node', ['scripts/floors.mjs']],
  'dead code': ['npx', ['knip']],
  'quick tests': ['npx', ['vitest', 'run', '--project', 'quick', '--reporter', 'dot']],
};
const began = Date.now();
const results = await Promise.all(
  Object.entries(steps).map(([name, [program, args]]) => run(name, program, args)),
);
console.log(`check: ${((Date.now() - began) / 1000).toFixed(1)} s`);
process.exit(results.every(Boolean) ? 0 : 1);

function run(name, program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      output += data;
    });
    child.on('close', (status) => {
      console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}`);
      if (status !== 0) console.log(output);
      resolve(status === 0);
    });
  });
}
