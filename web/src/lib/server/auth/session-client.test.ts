import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trackAuth } from './auth-watch.ts';
import { createSessionClient, forgetSession } from './session-client.ts';

const NAME = 'sb-127-auth-token';
let respond: (response: ServerResponse) => void;
const server = createServer((_request, response) => respond(response));
let supabaseUrl: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  supabaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close().closeAllConnections());

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function expired() {
  const exp = Math.floor(Date.now() / 1000) - 10;
  const session = {
    access_token: `${encode({ alg: 'ES256', kid: 'k' })}.${encode({ sub: 'u1', exp })}.sig`,
    refresh_token: 'refresh',
    expires_at: exp,
    expires_in: 3600,
    token_type: 'bearer',
    user: { id: 'u1' },
  };
  const jar = new Map([
    [NAME, `base64-${encode(session)}`],
    ['theme', 'dark'],
  ]);
  const cookies = {
    getAll: () => [...jar].map(([name, value]) => ({ name, value })),
    set: (name: string, value: string) => void (value === '' ? jar.delete(name) : jar.set(name, value)),
    delete: (name: string) => void jar.delete(name),
  };
  const request = new Request('http://127.0.0.1/servers');
  const event = { cookies, request, setHeaders: () => undefined, url: new URL(request.url) };
  return { jar, event: event as unknown as Parameters<typeof createSessionClient>[0] };
}

function quickTracker() {
  let seconds = 0;
  return trackAuth(fetch, () => (seconds += 1) * 1000);
}

const json =
  (status: number, body: unknown) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const html =
  (status: number) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>One moment</h1>');

describe('a session whose refresh fails', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['too many requests', json(429, { code: 429, error_code: 'over_request_rate_limit', msg: 'limit' })],
    ['an internal error', json(500, { code: 500, error_code: 'unexpected_failure', msg: 'no' })],
    ['a bad gateway with a page', html(502)],
    ['a status of a content network', html(525)],
    ['a status that supabase-js does not know', html(599)],
    ['a timeout', html(408)],
    ['a refusal by a firewall', html(403)],
    ['a page in place of an answer', html(200)],
    ['a wrong API key', json(401, { message: 'Invalid API key', hint: 'Double check your API key.' })],
    ['a closed connection', (response) => void response.destroy()],
  ])('is kept after %s', async (_, answer) => {
    respond = answer;
    const { jar, event } = expired();
    const before = jar.get(NAME);
    const client = createSessionClient(event, { supabaseUrl, publishableKey: 'key' }, quickTracker());
    const { data } = await client.supabase.auth.getClaims();
    expect(data).toBeNull();
    expect(client.isAuthDown()).toBe(true);
    expect(jar.get(NAME)).toBe(before);
  });

  it.each([
    ['refresh_token_not_found', 400],
    ['refresh_token_already_used', 400],
    ['session_expired', 400],
    ['user_banned', 403],
  ])('ends after %s', async (code, status) => {
    respond = json(status, { code: status, error_code: code, msg: 'no' });
    const { jar, event } = expired();
    const client = createSessionClient(event, { supabaseUrl, publishableKey: 'key' });
    await client.supabase.auth.getClaims();
    expect(client.isAuthDown()).toBe(false);
    expect(jar.has(NAME)).toBe(false);
  });

  it('goes on when a later attempt succeeds', async () => {
    let count = 0;
    respond = (response) => (count++ === 0 ? html(503)(response) : json(200, renewed)(response));
    const { jar, event } = expired();
    const client = createSessionClient(event, { supabaseUrl, publishableKey: 'key' });
    const { data } = await client.supabase.auth.getSession();
    expect(data.session?.refresh_token).toBe('next');
    expect(client.isAuthDown()).toBe(false);
    expect(jar.get(NAME)).not.toBe('');
  });
});

const renewed = {
  access_token: `${encode({ alg: 'ES256', kid: 'k' })}.${encode({ sub: 'u1' })}.sig`,
  refresh_token: 'next',
  expires_in: 3600,
  token_type: 'bearer',
  user: { id: 'u1' },
};

it('signing out clears only the session when Auth is unavailable', async () => {
  respond = html(502);
  const { jar, event } = expired();
  const { supabase } = createSessionClient(event, { supabaseUrl, publishableKey: 'key' }, quickTracker());
  await supabase.auth.signOut({ scope: 'local' });
  forgetSession(event);
  expect([...jar.keys()]).toEqual(['theme']);
});
