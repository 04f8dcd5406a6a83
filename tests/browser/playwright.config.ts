import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../../.local/test-results/e2e',
  // Tests that listen to a voice must not make each other stutter on two cores.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  // As in vitest.config.ts.
  retries: process.env['CI'] === 'true' ? 1 : 0,
  forbidOnly: process.env['CI'] === 'true',
  reporter: [['list'], ['json']],
});
