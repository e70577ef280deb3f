import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    exclude: ['test/bench/**', 'node_modules/**'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 40_000,
    hookTimeout: 60_000,
    // A condition that is waited for may need a process to start, on a busy machine: the default of 1 s is none of the test's.
    expect: { poll: { timeout: 20_000 } },
  },
})
