import { NOTES, type RegistryServer } from './registry-server.ts';

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
      // A name that no voice model takes.
      { tool: 'greet (structured)', arguments: { name: 'Ada' }, answer: /Hi Ada/ },
      { tool: 'greet', arguments: { name: 'Ada' }, answer: /^Hi Ada$/ },
    ],
    isQuick: true,
  },
  {
    name: 'filesystem (Go)',
    from: 'Go',
    package: 'github.com/mark3labs/mcp-filesystem-server',
    version: 'v0.11.1',
    program: 'mcp-filesystem-server',
    args: ({ folder }) => [folder],
    tools: 10,
    calls: ({ folder }) => [
      { tool: 'read_file', arguments: { path: `${folder}/notes.txt` }, answer: new RegExp(NOTES) },
    ],
  },
];
