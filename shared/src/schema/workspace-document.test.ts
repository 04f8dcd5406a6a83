import { expect, it } from 'vitest';
import { readMcpServersJson } from '../mcp-servers-json.ts';
import { ImportAnswer, WorkspaceDocument } from './workspace-document.ts';

it('an exported workspace and an answer of an import are read', () => {
  const document = {
    format: 'patchbay.workspace',
    version: 1,
    workspace: { name: 'Team' },
    servers: [{ name: 'Notes', url: 'https://notes.example', tags: ['a'], has_credential: true, tools: [] }],
    agents: [{ name: 'Assistant', temperature: 80, servers: ['notes'] }],
  };
  expect(WorkspaceDocument.parse(document)).toEqual(document);
  const none = { added: [], changed: [], left: [], refused: [] };
  expect(ImportAnswer.safeParse({ servers: none, agents: none, credentials_needed: [] }).success).toBe(true);
});

it('servers of an mcpServers file make a document without secrets', () => {
  const file = readMcpServersJson(
    '{"mcpServers": {"a": {"url": "https://a.example", "headers": {"X-Key": "sk-1"}}}}',
  );
  if (!file.ok) throw new Error(file.message);
  const servers = file.servers.map(({ server }) => server);
  const document = WorkspaceDocument.parse({ format: 'patchbay.workspace', version: 1, servers, agents: [] });
  expect(JSON.stringify(document)).not.toContain('sk-1');
});
