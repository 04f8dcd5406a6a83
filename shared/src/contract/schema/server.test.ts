import { expect, it } from 'vitest';
import { readFields } from './fields.ts';
import { McpServerInput, McpServerPatch } from './server.ts';

it('a new server needs a name and an address; the rest has defaults', () => {
  expect(McpServerInput.parse({ name: ' Clock ', url: 'https://example.com/mcp' })).toEqual({
    name: 'Clock',
    url: 'https://example.com/mcp',
    description: '',
    transport: 'auto',
    protocol_era: 'auto',
    auth_method: 'none',
    auth_header: 'X-API-Key',
    credential_scope: 'workspace',
    oauth_client_id: null,
    trusts_hints: false,
    is_active: true,
    tags: [],
    call_timeout_ms: 30_000,
    max_concurrency: 4,
    metadata: {},
  });
});

it('a change holds only what changes: no default overwrites a stored value', () => {
  expect(McpServerPatch.parse({ is_active: false })).toEqual({ is_active: false });
});

it.each([
  [{ name: '', url: 'https://example.com' }, ['name']],
  [{ name: 'a', url: 'example.com/mcp' }, ['url']],
  [{ name: 'a', url: 'file:///etc/passwd' }, ['url']],
  [{ name: 'a', url: 'https://me:secret@example.com' }, ['url']],
  [{ name: 'a', url: 'https://example.com', auth_header: 'Host' }, ['auth_header']],
  [{ name: 'a', url: 'https://example.com', auth_header: 'X-Key\r\nEvil: 1' }, ['auth_header']],
  [
    { name: 'a', url: 'https://example.com', call_timeout_ms: 5, max_concurrency: 0 },
    ['call_timeout_ms', 'max_concurrency'],
  ],
  [{ name: 'a', url: 'https://example.com', tags: ['ok', ''] }, ['tags']],
])('%j is refused for %j', (input, fields) => {
  const read = readFields(McpServerInput, input);
  expect(read.ok ? [] : Object.keys(read.fieldErrors)).toEqual(fields);
});
