import { defineConfig } from '@playwright/test'
import { findChromium } from './scripts/ensure-chromium.mjs'

const executablePath = findChromium()

export default defineConfig({
  testMatch: '**/*.spec.ts',
  outputDir: '.build/playwright',
  globalSetup: './test/renderer/global-setup.ts',
  fullyParallel: true,
  workers: 2,
  timeout: 30_000,
  expect: { timeout: 10_000 },
  forbidOnly: process.env['CI'] !== undefined,
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    trace: 'retain-on-failure',
    ...(executablePath === undefined ? {} : { launchOptions: { executablePath } }),
  },
  projects: [
    { name: 'renderer', testDir: 'test/renderer', testIgnore: '**/screenshots.spec.ts' },
    { name: 'screenshots', testDir: 'test/renderer', testMatch: '**/screenshots.spec.ts' },
  ],
})
