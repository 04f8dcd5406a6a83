import { expect, it } from 'vitest';
import { withUserAgent } from './client-agent.ts';

async function sent(path: string, agent: string | null): Promise<string | null> {
  let seen: Headers | undefined;
  const send: typeof fetch = async (input, init) => {
    seen = new Request(input, init).headers;
    return new Response();
  };
  const init = { method: 'POST', body: '{}', headers: { 'user-agent': 'node' } };
  await withUserAgent(send, () => agent)(`https://project.supabase.co${path}`, init);
  return seen!.get('user-agent');
}

it('sends the user agent to Auth', async () => {
  expect(await sent('/auth/v1/token?grant_type=password', 'Firefox')).toBe('Firefox');
  expect(await sent('/auth/v1/token?grant_type=password', 'x'.repeat(9000))).toHaveLength(500);
});

it('sends no user agent to other services, or when there is none', async () => {
  expect(await sent('/rest/v1/mcp_servers', 'Firefox')).toBe('node');
  expect(await sent('/auth/v1/token', null)).toBe('node');
});
