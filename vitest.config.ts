import { defineConfig } from 'vitest/config'
import { WaitsFirst } from './test/support/waits-first.ts'

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/own-environment.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: WaitsFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    chaiConfig: { truncateThreshold: 1000 }, // CI keeps a failure's message alone, without the diff
    reporters: process.env['VITEST_JSON'] ? ['default', 'json'] : ['default'],
    ...(process.env['VITEST_JSON'] ? { outputFile: { json: process.env['VITEST_JSON'] } } : {}),
    projects: [
      {
        extends: true,
        test: {
          name: 'in-process',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/**/*.process.test.ts',
            'test/**/*.wine.test.ts',
            'test/**/*.chromium.test.ts',
            'test/journeys/**',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'process',
          include: ['test/**/*.process.test.ts', 'test/journeys/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      // Debian's Chromium, as real as it gets: needs test/chromium/setup.sh. `npm run test:chromium`
      {
        extends: true,
        test: {
          name: 'chromium',
          include: ['test/**/*.chromium.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      // Windows under Wine: needs test/wine/setup.sh. `npm run test:wine`
      {
        extends: true,
        test: {
          name: 'wine',
          include: ['test/**/*.wine.test.ts'],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
