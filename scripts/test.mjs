#!/usr/bin/env node
// `npm test`: sets a fresh checkout up, then everything that holds the project true, in under 15 minutes.
//   --long: property and fuzz tests with their full counts   --live: the tests against this machine's kernel, in full
// Ends with one line `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePackages, root } from './setup.mjs';

const long = process.argv.includes('--long');
const live = process.argv.includes('--live');
const counts = { passed: 0, failed: 0, skipped: 0 };

ensurePackages();
ensureDebianPackages();
if (!live) {
  step('types', 'npx', ['tsc', '--noEmit', '-p', '.']);
  step('lint', 'npx', ['biome', 'check', '--error-on-warnings', '.']);
  step('floors', 'node', ['scripts/floors.mjs']);
  step('dead code', 'npx', ['knip']);
}
if (!step('build', 'npm', ['run', '-s', 'build'])) finish();
if (!live) {
  step('published package', 'npx', ['publint', '--strict']);
  step('published types', 'npx', ['attw', '--pack', '.', '--profile', 'esm-only']);
}
vitest(live ? ['--project', 'live'] : []);
finish();

/** The programs that the live tests compare with; without root or apt those tests say that they cannot run. */
function ensureDebianPackages() {
  const wanted = {
    'iptables-legacy': 'iptables',
    ip: 'iproute2',
    conntrack: 'conntrack',
    ipset: 'ipset',
    python3: 'python3',
    tshark: 'tshark',
  };
  const missing = Object.entries(wanted).filter(([program]) => !onPath(program));
  if (missing.length === 0 || process.getuid?.() !== 0 || !onPath('apt-get')) return;
  const names = missing.map(([, name]) => name);
  console.log(`installing ${names.join(', ')} (apt-get)`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env: environment });
  const done = spawnSync('apt-get', ['install', '-y', '-qq', ...names], {
    stdio: 'ignore',
    env: environment,
  });
  if (done.status !== 0)
    console.log('apt-get could not install them; tests against the kernel will be skipped');
}

function onPath(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0;
}

function step(name, program, args) {
  const done = spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const ok = done.status === 0;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (!ok) console.log(done.stdout + done.stderr);
  counts[ok ? 'passed' : 'failed']++;
  return ok;
}

function vitest(projects) {
  const directory = mkdtempSync(join(tmpdir(), 'fivehooks-test-'));
  const report = join(directory, 'report.json');
  const environment = {
    ...process.env,
    ...(long ? { FIVEHOOKS_LONG: '1' } : {}),
    ...(live ? { FIVEHOOKS_LIVE: '1' } : {}),
  };
  const done = spawnSync(
    'npx',
    ['vitest', 'run', ...projects, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: environment },
  );
  try {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests;
    counts.skipped += result.numPendingTests;
    if (done.status !== 0 && result.numFailedTests === 0) counts.failed++;
  } catch {
    counts.failed++;
  }
  rmSync(directory, { recursive: true, force: true });
}

function finish() {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
  process.exit(counts.failed === 0 ? 0 : 1);
}
