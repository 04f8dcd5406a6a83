// The walls between the rooms. Run once with the root's tsconfig and once, for web, with SvelteKit's
// (local/test-run/checks.ts), since each knows other names.
const ROOMS = ['web', 'agent-worker', 'supabase', 'shared', 'local'];
const MAY_IMPORT = {
  web: ['shared'],
  'agent-worker': ['shared'],
  supabase: ['shared'],
  shared: [],
};
const TEST = '\\.(test|spec)\\.ts$|/testing/';

const walls = Object.entries(MAY_IMPORT).map(([room, allowed]) => {
  const others = ROOMS.filter((other) => other !== room && !allowed.includes(other));
  return {
    name: `${room}-walls`,
    comment: `${room} may import ${allowed.join(', ') || 'no other room'}: rooms meet in the database.`,
    severity: 'error',
    from: { path: `^${room}/` },
    to: { path: `^(${others.join('|')})/` },
  };
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...walls,
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
      comment: 'Types may refer to each other; code that needs itself cannot be read in an order.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-test-in-product',
      severity: 'error',
      from: { pathNot: `${TEST}|^local/(e2e|test-run|database|bench)/` },
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
