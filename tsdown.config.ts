import { defineConfig } from 'tsdown';

/** The library (`index.js`, with types) and the program (`cli.js`), sharing chunks; packages stay imports. */
export default defineConfig({
  entry: { index: 'src/index.ts', cli: 'src/node/cli.ts' },
  format: 'esm',
  platform: 'neutral',
  target: 'node20',
  dts: { entry: 'src/index.ts' },
  deps: { neverBundle: [/^node:/, 'commander', 'yaml'] },
  clean: true,
  sourcemap: false,
  outExtensions: () => ({ js: '.js', dts: '.d.ts' }),
});
