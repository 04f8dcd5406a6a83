// Which package may import which. Run once with the root's tsconfig and once, for web, with SvelteKit's
// (tests/run/checks.ts), since each knows other names. `tests`, `bench` and `ops` may import everything.
const PACKAGES = ['web', 'agent-worker', 'livekit', 'supabase', 'shared', 'local', 'tests', 'bench', 'ops'];
const PRODUCTS = ['web', 'agent-worker', 'livekit', 'supabase', 'shared'];
const MAY_IMPORT = {
  web: ['shared'],
  'agent-worker': ['shared', 'livekit'],
  livekit: ['shared'],
  supabase: ['shared'],
  shared: [],
  local: PRODUCTS,
};
const TEST = '\\.(test|spec)\\.ts$|/testing/';

const boundaries = Object.entries(MAY_IMPORT).map(([name, allowed]) => {
  const others = PACKAGES.filter((other) => other !== name && !allowed.includes(other));
  return {
    name: `${name}-imports`,
    comment: `${name} may import ${allowed.join(', ') || 'no other package'}.`,
    severity: 'error',
    from: { path: `^${name}/` },
    to: { path: `^(${others.join('|')})/` },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...boundaries,
    {
      name: 'contract-imports',
      comment: 'contract runs in the browser too: it needs nothing of the engine.',
      severity: 'error',
      from: { path: '^shared/src/contract/' },
      to: { path: '^shared/src/engine/' },
    },
    {
      name: 'shared-packages',
      comment: 'shared runs in Node, Deno and the browser: it brings few packages.',
      severity: 'error',
      from: { path: '^shared/src/', pathNot: TEST },
      to: {
        path: '^node_modules/',
        pathNot:
          '^node_modules/(zod|@modelcontextprotocol/client|undici|ipaddr\\.js|p-queue|@cfworker/json-schema|eventsource-parser|@opentelemetry/[^/]+)/',
      },
    },
    {
      name: 'unresolvable',
      comment: 'An import that cannot be resolved passes every other rule silently.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^\\$(app|env)/|/?\\$types(\\.js)?$|^virtual:' },
    },
    {
      name: 'one-module-with-a-key',
      comment:
        'The page has a secret key in one place only, which adds it to the calls that need it (SECURITY.md).',
      severity: 'error',
      from: { path: '^web/src/', pathNot: `${TEST}|^web/src/lib/server/auth/session-client\\.ts$` },
      to: { path: '^web/src/lib/server/auth/client-ip\\.ts$' },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'voice-model-port',
      comment:
        'The code of a conversation knows its model by the port alone; the entry of a job picks the adapter.',
      severity: 'error',
      from: {
        path: '^(livekit|agent-worker)/src/',
        pathNot: `${TEST}|^livekit/src/model/(openai-realtime|workarounds)/|^agent-worker/src/agent\\.ts$`,
      },
      to: {
        path: '^livekit/src/model/(openai-realtime/|workarounds/(?!dead-idle-process|long-audio-frames))|^node_modules/@livekit/agents-plugin-',
      },
    },
    {
      name: 'no-test-in-product',
      severity: 'error',
      from: { pathNot: `${TEST}|^(tests|bench)/` },
      to: { path: TEST },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(\\.svelte-kit|\\.vercel|\\.local)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'svelte', 'node', 'default'],
      extensions: ['.ts', '.svelte', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
