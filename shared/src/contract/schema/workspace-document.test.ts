import { expect, it } from 'vitest';
import { readMcpServersJson } from '../mcp-servers-json/mcp-servers-json.ts';
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
  const change = {
    kind: 'agent',
    name: 'Assistant',
    is_new: false,
    fields: { greeting: { from: null, to: 'Hi' } },
  };
  const answer = { servers: none, agents: none, credentials_needed: [], changes: [change] };
  expect(ImportAnswer.parse(answer)).toEqual(answer);
});

it('a document of an earlier version is read, where tools have neither a pin nor an access', () => {
  const tools = [{ name: 'add', is_enabled: true, cache_ttl_seconds: null }];
  const servers = [{ name: 'Notes', url: 'https://notes.example', tools }];
  const document = { format: 'patchbay.workspace', version: 1, servers, agents: [] };
  expect(WorkspaceDocument.parse(document)).toEqual(document);
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
