import type { McpToolRow } from '@patchbay/shared/contract/schema/tool';
import { expect, it } from 'vitest';
import { withModelView } from './tools.ts';

const row = (rest: Partial<McpToolRow>): McpToolRow => ({
  server_id: 's',
  name: 'add',
  position: 1,
  title: null,
  description: 'Adds.',
  input_schema: { type: 'object' },
  output_schema: null,
  annotations: null,
  fingerprint: '',
  is_enabled: true,
  is_pinned: false,
  cache_ttl_seconds: null,
  access: null,
  first_seen_at: '2026-01-01T00:00:00Z',
  last_seen_at: '2026-01-01T00:00:00Z',
  ...rest,
});

it('a tool is listed with its size for the model, not for the server', async () => {
  const long = 'It adds one to the other. '.repeat(200);
  const [short, shortened] = await withModelView([row({}), row({ description: long })], 'math');
  expect(short).toMatchObject({ name: 'add', isShortened: false });
  expect(short?.tokens).toBeGreaterThan(10);
  expect(shortened?.isShortened).toBe(true);
  expect(shortened?.description).toBe(long);
  expect(shortened?.tokens).toBeLessThan(350);
});

it('a tool is listed under its name for the model', async () => {
  const listed = await withModelView([row({ name: 'read_file' }), row({ name: 'read.file' })], 'clock');
  expect(listed.map(({ modelName }) => modelName)).toEqual(['clock__read_file', 'clock__read_file_1lu4dgx']);
});

it('a tool whose schema is too complex for the model is still listed', async () => {
  const names = Array.from({ length: 422 }, (_, place) => `d${place}`);
  const $defs = Object.fromEntries(names.map((name, place) => [name, { $ref: `#/$defs/d${place + 1}` }]));
  const bomb = row({ name: 'bomb', input_schema: { $ref: '#/$defs/d0', $defs } });
  const listed = await withModelView([bomb, row({})], 'math');
  expect(listed.map(({ name, tokens }) => [name, tokens > 0])).toEqual([
    ['bomb', false],
    ['add', true],
  ]);
});
