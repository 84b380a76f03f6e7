import { defineConfig } from 'tsdown';

const common = {
  format: 'esm',
  platform: 'neutral',
  target: 'node20',
  sourcemap: false,
  clean: false,
  logLevel: 'warn',
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
} as const;

/**
 * The library (`index.js`, with types, for reading), and the program (`cli.js`): minified and with the packages that it
 * uses inside, since half of a short call's time is spent on loading and compiling.
 */
export default defineConfig([
  { ...common, entry: { index: 'src/index.ts' }, dts: true },
  {
    ...common,
    entry: { cli: 'src/node/cli.ts' },
    dts: false,
    minify: true,
    platform: 'node',
    deps: { neverBundle: [/^node:/], alwaysBundle: ['commander', 'yaml'] },
  },
]);
