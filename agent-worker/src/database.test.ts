import { expect, it } from 'vitest';
import { createDatabase } from './database.ts';
import type { ServiceClient } from './service-client.ts';

it('a character that the database cannot store costs nothing else of what is reported', async () => {
  const sent: unknown[] = [];
  const client = {
    rpc: (_name: string, args: unknown) => {
      sent.push(args);
      return { abortSignal: () => Promise.resolve({ data: null, error: null, status: 204 }) };
    },
  } as unknown as ServiceClient;
  const observation = {
    server_id: 's',
    config_version: 1,
    observed_at: '2026-11-22T12:00:00Z',
    source: 'session',
    status: 'connected',
    error_code: null,
    error_message: null,
    latency_ms: null,
    protocol_version: null,
    server_info: { name: 'NUL \0' },
    capabilities: null,
    instructions: 'half \ud83d',
  } as const;
  await createDatabase(client).reportStatus([observation]);
  expect(sent).toEqual([
    {
      p_observations: [{ ...observation, server_info: { name: 'NUL \uFFFD' }, instructions: 'half \uFFFD' }],
    },
  ]);
});
