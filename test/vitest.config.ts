import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('..', import.meta.url))

/** One config for every kind of test. `unit` touches nothing outside its process; the other kinds bring their own servers (test/support). */
export default defineConfig({
  root,
  test: {
    projects: [
      {
        root,
        test: {
          name: 'unit',
          include: ['apps/*/src/**/*.test.ts', 'libs/*/src/**/*.test.ts', 'test/architecture/*.test.ts'],
          setupFiles: ['test/support/console-throws.ts'],
          testTimeout: 10_000,
        },
      },
      {
        root,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/support/redis-for-all.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        root,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        root,
        test: {
          name: 'external',
          include: ['test/external/**/*.test.ts'],
          testTimeout: 300_000,
          // The image is built in one.
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
