import type { RegistryServer } from './registry-server.ts';

/** Servers that Go builds. */
export const GO_SERVERS: readonly RegistryServer[] = [
  {
    name: 'everything (Go)',
    from: 'Go',
    package: 'github.com/modelcontextprotocol/go-sdk/examples/server/everything',
    version: 'v1.8.0',
    program: 'everything',
    args: ({ port }) => ['-http', `127.0.0.1:${port}`],
    http: { path: '/' },
    tools: 10,
    calls: () => [
      // A name that voice models reject.
      { tool: 'greet (structured)', arguments: { name: 'Ada' }, answer: /Hi Ada/ },
      { tool: 'greet', arguments: { name: 'Ada' }, answer: /^Hi Ada\b/ },
    ],
    isQuick: true,
  },
  {
    name: 'memory (Go)',
    from: 'Go',
    package: 'github.com/modelcontextprotocol/go-sdk/examples/server/memory',
    version: 'v1.8.0',
    program: 'memory',
    args: ({ folder }) => ['-memory', `${folder}/memory.json`],
    tools: 9,
    calls: () => [
      {
        tool: 'create_entities',
        arguments: { entities: [{ name: 'Ada', entityType: 'person', observations: ['likes engines'] }] },
        answer: /Ada/,
      },
      { tool: 'search_nodes', arguments: { query: 'Ada' }, answer: /likes engines/ },
    ],
  },
  {
    name: 'everything (mcp-go)',
    from: 'Go',
    package: 'github.com/mark3labs/mcp-go/examples/everything',
    version: 'v1.2.1',
    program: 'everything',
    args: () => ['-t', 'stdio'],
    tools: 5,
    calls: () => [
      { tool: 'add', arguments: { a: 2, b: 3 }, answer: /5/ },
      { tool: 'echo', arguments: { message: 'hello' }, answer: /Echo: hello/ },
    ],
  },
];
