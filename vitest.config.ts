import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Suites that need a running stack, named by PATCHBAY_STACK, or that bring one of their own. */
const STACK = ['tests/e2e/**/*.test.ts', 'tests/start/*.test.ts'];
/**
 * The ones that neither break nor count what others use: two at once, since a conversation mostly waits. Suites of
 * health and of `npm start` bring a database of their own.
 */
const PARALLEL = [
  'tests/e2e/health/*.test.ts',
  'tests/e2e/voice/{config,cost,idle,limits,model-away,model-failures,real-servers,reasoning-model}.test.ts',
  'tests/e2e/voice/{one-client,several-calls,sign-in,slow-tools,tool-limit,worker}.test.ts',
  'tests/start/{restore,start}.test.ts',
];
/** Installs everything once more, so it runs apart from all others. */
const NEWCOMER = ['tests/start/newcomer.test.ts'];
/** Searches what all the others left behind, so it runs when they have ended. */
const LAST = ['tests/e2e/canaries.test.ts'];
/** Suites on a database of their own that holds nothing but what the migrations make. */
const DATABASE = ['tests/database/*.test.ts'];
const OUT = ['**/node_modules/**', '**/.local/**', '**/.svelte-kit/**', '**/.vercel/**'];

/** Unit tests of half a minute and more: one that starts last keeps the run waiting for itself alone. */
const LONGEST = ['long-session.test.ts', 'restarts.test.ts', 'leaks.test.ts', 'workarounds/failures.test.ts'];

/** Without the durations of an earlier run, vitest itself can only begin with the largest files. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONGEST.some((name) => moduleId.endsWith(`/${name}`));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** In CI a busy machine may cost a test one retry; the run names it. */
const retry = process.env['CI'] === 'true' ? 1 : 0;

export default defineConfig({
  test: {
    // Many tests wait, for timers and for processes that they started: one worker more than cores loses no time.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{shared,livekit,agent-worker,local,tests,bench,ops}/**/*.test.ts',
            'web/server/*.test.ts',
          ],
          exclude: [...OUT, ...STACK, ...DATABASE],
          retry,
          testTimeout: 20_000,
        },
      },
      {
        // Not web/vite.config.ts: SvelteKit's plugin only works from inside web.
        plugins: [svelte({ configFile: false, compilerOptions: { runes: true } })],
        resolve: { alias: { $lib: join(import.meta.dirname, 'web/src/lib') } },
        test: { name: 'web', include: ['web/src/**/*.test.ts'], exclude: OUT },
      },
      {
        test: {
          name: 'database',
          include: DATABASE,
          exclude: OUT,
          globalSetup: 'tests/database/global-setup.ts',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'newcomer', include: NEWCOMER, exclude: OUT } },
      {
        test: {
          name: 'secrets',
          include: LAST,
          exclude: OUT,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'stack',
          include: STACK,
          exclude: [...OUT, ...LAST, ...NEWCOMER, ...PARALLEL],
          retry,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'stack-parallel',
          include: PARALLEL,
          exclude: OUT,
          retry,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
