import { defineConfig } from 'vitest/config'

/** They need container engines, which are started once for all of them, and only if one of them is run. */
const containerTests = ['test/containers/**/*.test.ts', 'test/*/containers*.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    globalSetup: ['test/support/build.ts'],
    testTimeout: 40_000,
    hookTimeout: 60_000,
    // A condition that is waited for may need a process to start, on a busy machine: the default of 1 s is none of the test's.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: ['test/bench/**', 'node_modules/**', ...containerTests],
        },
      },
      {
        extends: true,
        test: {
          name: 'containers',
          include: containerTests,
          globalSetup: ['test/containers/engines-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
