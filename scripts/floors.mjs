#!/usr/bin/env node
// Checks that a folder of src/ imports only from folders earlier in the list, that the engine stays free of Node and
// of packages, and that no file of a floor is imported around its place. Prints each violation; exit 1 if any.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

/** From the ground up; ARCHITECTURE.md says what lives on each. */
const FLOORS = [
  'wire',
  'netfilter',
  'conntrack',
  'nat',
  'ipset',
  'xtables',
  'balance',
  'host',
  'devices',
  'commands',
  'journey',
  'formats',
  'testing',
  'replay',
  'analysis',
  'node',
  'lab',
];
/** The first floor that may do I/O; everything below it is the engine. */
const FIRST_OUTSIDE = FLOORS.indexOf('node');

const root = resolve(import.meta.dirname, '..', 'src');
const violations = [];
for (const file of sources(root)) {
  const floorName = relative(root, file).split(sep)[0];
  const isIndex = relative(root, file) === 'index.ts';
  const floor = FLOORS.indexOf(floorName);
  if (floor < 0 && !isIndex) {
    violations.push(`${relative(root, file)}: src/${floorName} is no floor`);
    continue;
  }
  const engine = isIndex || floor < FIRST_OUTSIDE;
  for (const wanted of imports(readFileSync(file, 'utf8'))) {
    if (!wanted.startsWith('.')) {
      if (engine) violations.push(`${relative(root, file)}: the engine imports '${wanted}'`);
      continue;
    }
    const target = relative(root, resolve(dirname(file), wanted));
    const targetFloor = FLOORS.indexOf(target.split(sep)[0]);
    if (target.startsWith('..')) {
      if (engine) violations.push(`${relative(root, file)}: the engine imports ${wanted}, outside src/`);
    } else if (isIndex ? targetFloor >= FIRST_OUTSIDE : targetFloor > floor) {
      violations.push(`${relative(root, file)}: imports ${target}, a later floor`);
    }
  }
}
for (const line of violations) console.error(line);
if (violations.length > 0) process.exit(1);
console.log(`floors: ${FLOORS.length} floors, each imports only from earlier ones`);

function* sources(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (
      entry.name.endsWith('.ts') &&
      !entry.name.endsWith('.test.ts') &&
      !entry.name.includes('.fixture.')
    )
      yield path;
  }
}

function imports(text) {
  const found = [];
  const pattern =
    /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)|(?:^|\n)import\s+'([^']+)'/g;
  for (const match of text.matchAll(pattern)) found.push(match[1] ?? match[2] ?? match[3]);
  return found;
}
