import { defineConfig } from 'vitest/config';

/** Full counts of the property tests take their time. */
const long = process.env.FIVEHOOKS_LONG !== undefined;

/**
 * Three projects: `quick` is what `npm run check` runs, `conformance` plays the recordings, `live` needs root and
 * Netfilter. Long property tests read FIVEHOOKS_LONG and run a small fixed count without it.
 */
export default defineConfig({
  test: {
    // Files share the modules that a worker has loaded: loading them anew for each would take most of the time.
    isolate: false,
    projects: [
      {
        test: {
          name: 'quick',
          isolate: false,
          setupFiles: ['scripts/property-tests.ts'],
          testTimeout: long ? 600_000 : 20_000,
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.live.test.ts', '**/*.slow.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'slow',
          isolate: false,
          setupFiles: ['scripts/property-tests.ts'],
          include: ['{src,scripts}/**/*.slow.test.ts', 'conformance/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: ['**/*.live.test.ts', '**/node_modules/**'],
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'live',
          setupFiles: ['scripts/property-tests.ts'],
          include: ['src/**/*.live.test.ts', 'conformance/**/*.live.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
