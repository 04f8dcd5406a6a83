import type { RegistryServer } from './registry-server.ts';

/** Servers from npm in front of a service that is not reachable here: their calls fail, and have to say why. */
export const NPM_SERVICE_SERVERS: readonly RegistryServer[] = [
  {
    name: 'context7',
    from: 'npm',
    package: '@upstash/context7-mcp',
    version: '4.1.1',
    program: 'context7-mcp',
    args: ({ port }) => ['--transport', 'http', '--port', String(port)],
    http: { path: '/mcp' },
    tools: 2,
    calls: () => [
      {
        tool: 'resolve-library-id',
        arguments: { libraryName: 'svelte', query: 'runes' },
        answer: /fetch failed|Error/,
      },
    ],
  },
  {
    name: 'notion',
    from: 'npm',
    package: '@notionhq/notion-mcp-server',
    version: '2.5.2',
    program: 'notion-mcp-server',
    env: () => ({ NOTION_TOKEN: 'ntn_none' }),
    tools: 20,
    calls: () => [
      { tool: 'API-get-self', arguments: {}, answer: /api\.notion\.com|unauthorized/, isError: true },
    ],
  },
  {
    name: 'mongodb',
    from: 'npm',
    package: 'mongodb-mcp-server',
    version: '3.0.4',
    program: 'mongodb-mcp-server',
    args: () => ['--telemetry', 'disabled'],
    tools: 15,
    calls: () => [{ tool: 'list-databases', arguments: {}, answer: /connect/i, isError: true }],
  },
  {
    name: 'fetch',
    from: 'npm',
    package: 'mcp-fetch-server',
    version: '1.1.2',
    program: 'mcp-fetch-server',
    tools: 4,
    calls: () => [
      {
        tool: 'fetch_html',
        arguments: { url: 'http://127.0.0.1:9/' },
        answer: /private|blocked|fail|not allowed/i,
        isError: true,
      },
    ],
  },
  {
    name: 'postgres',
    from: 'npm',
    package: '@modelcontextprotocol/server-postgres',
    version: '0.6.2',
    program: 'mcp-server-postgres',
    args: () => ['postgresql://127.0.0.1:9/none'],
    tools: 1,
    calls: () => [{ tool: 'query', arguments: { sql: 'select 1' }, answer: /ECONNREFUSED/, isError: true }],
  },
];
