import { defineConfig } from 'vitest/config';

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
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          exclude: ['**/*.live.test.ts', '**/*.slow.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          name: 'slow',
          isolate: false,
          include: ['src/**/*.slow.test.ts', 'conformance/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: ['**/*.live.test.ts', '**/node_modules/**'],
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'live',
          include: ['src/**/*.live.test.ts', 'conformance/**/*.live.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
