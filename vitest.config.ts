import os from 'node:os'
import { defineConfig } from 'vitest/config'

/** They need container engines, which are started once for all of them, and only if one of them is run. */
const containerTests = ['test/containers/**/*.test.ts', 'test/*/containers*.test.ts']

/** Run in both projects: with server-everything as a process, and in containers (see everything-runtimes.ts). */
const everythingTests = ['everything', 'everything-live', 'inspector', 'remote', 'restarts'].map(
  (name) => `test/integration/${name}.test.ts`,
)

export default defineConfig({
  test: {
    pool: 'forks',
    // Most files wait for processes rather than work: two at a time also where there are two processors (vitest: one less).
    maxWorkers: Math.max(2, os.availableParallelism() - 1),
    // Of tests that run at once in one file: the suites of the protocol give a request ten seconds.
    maxConcurrency: 3,
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
          provide: { everythingIn: 'process' },
        },
      },
      {
        extends: true,
        test: {
          name: 'containers',
          include: [...containerTests, ...everythingTests],
          provide: { everythingIn: 'containers' },
          globalSetup: ['test/containers/engines-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
