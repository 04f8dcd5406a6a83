import { defineConfig } from '@playwright/test';

/**
 * Specs that kill processes, change Auth for everybody, or listen to a voice, which stutters when another test keeps
 * the second core busy.
 */
const ALONE = [
  'conversation',
  'database-lost',
  'email-links',
  'lost-agent',
  'model-failure',
  'result-audience',
  'social-sign-in',
  'talk',
].map((name) => `${name}.spec.ts`);

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../../.local/test-results/browser',
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  // As in vitest.config.ts.
  retries: process.env['CI'] === 'true' ? 1 : 0,
  forbidOnly: process.env['CI'] === 'true',
  reporter: [['list'], ['json']],
  // `npm test` runs one project after the other. They aren't dependencies: a failure in the first must not skip the second.
  projects: [
    { name: 'parallel', testIgnore: ALONE },
    { name: 'alone', testMatch: ALONE, workers: 1 },
  ],
});
