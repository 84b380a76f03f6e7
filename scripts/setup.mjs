// What every command of a checkout needs first: packages as the lock file says, and a build of today's sources.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { alone } from './lock.mjs';

export const root = resolve(import.meta.dirname, '..');

/** Runs a program in the checkout; its output goes to standard error, so that standard output stays the caller's. */
function must(program, args) {
  const done = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) {
    console.error(
      `fivehooks: '${program} ${args.join(' ')}' failed${done.error ? `: ${done.error.message}` : ''}`,
    );
    process.exit(1);
  }
}

/** Installs the packages if they are missing or older than the lock file. */
export function ensurePackages() {
  if (hasPackages()) return;
  alone(root, install);
}

/** Builds dist/ if it is missing or older than any source. */
export function ensureBuild() {
  if (hasPackages() && hasBuild()) return;
  alone(root, () => {
    install();
    if (hasBuild()) return;
    console.error('fivehooks: building (npm run build)');
    must('npm', ['run', '-s', 'build']);
  });
}

function install() {
  if (hasPackages()) return;
  console.error('fivehooks: installing packages (npm ci)');
  must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

function hasPackages() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  const wanted = join(root, 'package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs;
}

function hasBuild() {
  const latest = newest();
  return ['index.js', 'index.d.ts', 'cli.js'].every((name) => {
    const built = join(root, 'dist', name);
    return existsSync(built) && statSync(built).mtimeMs >= latest;
  });
}

function newest() {
  let latest = 0;
  for (const name of ['package.json', 'tsconfig.json', 'tsdown.config.ts', 'src']) {
    for (const path of walk(join(root, name))) latest = Math.max(latest, statSync(path).mtimeMs);
  }
  return latest;
}

function* walk(path) {
  if (!existsSync(path)) return;
  if (!statSync(path).isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(path)) yield* walk(join(path, name));
}
