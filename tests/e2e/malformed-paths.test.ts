import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { hasStack, runningStack } from '../support/running-stack.ts';

const PATHS = [
  '/%00',
  '/servers/%00',
  '/servers/%00/edit',
  '/%E0%A4%A',
  '/%',
  '/%zz',
  '/%ff',
  '/%2e%2e/%2e%2e/etc/passwd',
  '/..%2f..%2fetc%2fpasswd',
  '/../../etc/passwd',
  '/%5c..%5c',
  `/${'a'.repeat(5_000)}`,
  `/${'a'.repeat(20_000)}`,
  `/${'%00'.repeat(1_000)}`,
  '/_app/immutable/%00',
  '/_app/immutable/%2e%2e/%2e%2e/config.json',
];

const AREAS = [
  '',
  '/rest/v1',
  '/rest/v1/mcp_servers',
  '/auth/v1',
  '/functions/v1',
  '/functions/v1/call-tool',
];

const named = (paths: string[]) => paths.map((path) => [path.slice(0, 60), path] as const);

/** `fetch` would normalize the path. */
function statusOf(base: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe.runIf(hasStack)('a malformed path', () => {
  it.each(named(PATHS))('of the page is refused: %s', async (_name, path) => {
    const status = await statusOf(runningStack().web_url, path);
    expect([303, 400, 404, 414, 431]).toContain(status);
  });

  it.each(named(AREAS.flatMap((area) => PATHS.map((path) => area + path))))(
    'of Supabase is refused: %s',
    async (_name, path) => {
      const { supabase_url, secret_key } = runningStack();
      const headers = { apikey: secret_key, authorization: `Bearer ${secret_key}` };
      const status = await statusOf(supabase_url, path, headers);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );

  it.each(['id=eq.%00', 'id=eq.x', 'name=eq.%00', 'select=%00', 'order=%00', '%00=eq.1', 'id=eq.%E0%A4%A'])(
    'is refused in a query as well: %s',
    async (query) => {
      const { supabase_url, secret_key } = runningStack();
      const headers = { apikey: secret_key, authorization: `Bearer ${secret_key}` };
      const status = await statusOf(supabase_url, `/rest/v1/mcp_servers?${query}`, headers);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );
});
