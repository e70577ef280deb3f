import { defineConfig } from '@playwright/test'
import { findChromium } from './scripts/test-tools.mjs'
import type { ProgramKind } from './test/desktop/electron-program.ts'

// Runs side by side do not clear each other's folder; workers get the variable from the first process.
process.env['PLAYWRIGHT_OUTPUT'] ??= `.build/playwright/${process.pid}`
const executablePath = findChromium()

export default defineConfig<object, { kind: ProgramKind }>({
  testMatch: '**/*.spec.ts',
  outputDir: process.env['PLAYWRIGHT_OUTPUT'],
  globalSetup: './test/renderer/global-setup.ts',
  fullyParallel: true,
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    trace: process.env['CI'] === undefined ? 'off' : 'retain-on-failure',
    ...(executablePath === undefined ? {} : { launchOptions: { executablePath } }),
  },
  projects: [
    { name: 'renderer', testDir: 'test/renderer', testIgnore: '**/screenshots.spec.ts' },
    { name: 'screenshots', testDir: 'test/renderer', testMatch: '**/screenshots.spec.ts' },
    // One set of specs; what is not there on this machine is skipped by name.
    { name: 'desktop', testDir: 'test/desktop', use: { kind: 'stand-in' } },
    { name: 'desktop-packaged', testDir: 'test/desktop', use: { kind: 'packaged' } },
    { name: 'desktop-electron', testDir: 'test/desktop', use: { kind: 'electron' } },
  ],
})
