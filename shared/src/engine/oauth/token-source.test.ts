import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GrantTokens } from './token-source.ts';
import type { Grant } from './grant.ts';
import { grantAt, SharedStore } from '../../../test/support/shared-grant-store.ts';
import type { GrantStore } from './grant-store.ts';

let server: Server;
let base: string;
let requests: URLSearchParams[];
let answer: () => { status: number; body: unknown };

beforeEach(async () => {
  requests = [];
  answer = () => ({
    status: 200,
    body: {
      access_token: `access ${requests.length + 1}`,
      token_type: 'Bearer',
      refresh_token: 'next',
      expires_in: 3600,
    },
  });
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      requests.push(new URLSearchParams(text));
      const { status, body } = answer();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((done) => server.close(done)));

const expired = (rest: Partial<Grant> = {}) =>
  grantAt(base, { expires_at: new Date(Date.now() - 1_000).toISOString(), ...rest });
const sourceOf = (store: GrantStore) => new GrantTokens({ store, policy: 'local', random: () => 0.5 });

describe('GrantTokens', () => {
  it('refreshes once for all who ask, in one process and in several', async () => {
    const store = new SharedStore(expired());
    const sources = [sourceOf(store), sourceOf(store), sourceOf(store)];
    const tokens = await Promise.all(Array.from({ length: 51 }, (_, i) => sources[i % 3]!.token()));
    expect(new Set(tokens)).toEqual(new Set(['access 2']));
    expect(requests.map((sent) => sent.get('refresh_token'))).toEqual(['first']);
    expect(requests[0]?.get('resource')).toBe('https://mcp.example/mcp');
  });

  it('follows a token that was refused before its end, once for all', async () => {
    const store = new SharedStore(expired({ expires_at: new Date(Date.now() + 3_600_000).toISOString() }));
    const source = sourceOf(store);
    expect(await source.token()).toBe('access 1');
    expect(await Promise.all([source.after('access 1'), source.after('access 1')])).toEqual([
      'access 2',
      'access 2',
    ]);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['does not answer well', 503, 'busy'],
    ['says that it is unavailable', 400, { error: 'temporarily_unavailable' }],
  ])(
    'backs off while the authorization server %s, and asks it no more than once',
    async (_how, status, body) => {
      answer = () => ({ status, body });
      const store = new SharedStore(expired());
      const source = sourceOf(store);
      const failures = await Promise.allSettled(Array.from({ length: 20 }, () => source.token()));
      for (const failure of failures)
        expect(failure).toMatchObject({ reason: { code: 'server_error', retryable: true } });
      await expect(source.token()).rejects.toMatchObject({ code: 'server_error' });
      expect(requests).toHaveLength(1);
      expect(store.refusals).toBe(0);
    },
  );

  it('asks for a sign-in when the refresh token is refused, and does not try it again', async () => {
    answer = () => ({ status: 400, body: { error: 'invalid_grant' } });
    const store = new SharedStore(expired());
    const source = sourceOf(store);
    for (let i = 0; i < 3; i += 1)
      await expect(source.token()).rejects.toMatchObject({ code: 'sign_in_required' });
    expect(requests).toHaveLength(1);
  });

  it('requests a new grant with its own client if no user signed in', async () => {
    const { refresh_token: _none, ...tokens } = expired().tokens;
    const client = { client_id: 'patchbay', client_secret: 'secret', issuer: `${base}/` };
    const store = new SharedStore(expired({ tokens, client, is_unattended: true }));
    expect(await sourceOf(store).token()).toBe('access 2');
    expect(requests[0]?.get('grant_type')).toBe('client_credentials');
    expect(requests[0]?.get('resource')).toBe('https://mcp.example/mcp');
  });

  it('is settled only when a refresh has been stored, whoever waited for it', async () => {
    const store = new SharedStore(expired());
    const source = sourceOf(store);
    void source.token();
    await source.settled();
    expect(store.grant?.revision).toBe(2);
  });

  it('keeps using fresh tokens while the database is unreachable for a moment', async () => {
    const store = new SharedStore(expired());
    store.unavailableCalls = 2;
    expect(await sourceOf(store).token()).toBe('access 2');
    expect(requests).toHaveLength(1);
  });

  it('goes on with a token that is still valid while the database is unavailable', async () => {
    const store = new SharedStore(expired({ expires_at: new Date(Date.now() + 3_600_000).toISOString() }));
    let now = Date.now();
    const source = new GrantTokens({ store, policy: 'local', now: () => now });
    expect(await source.token()).toBe('access 1');
    store.read = () => Promise.reject(new Error('unavailable'));
    now += 3_590_000;
    expect(await source.token()).toBe('access 1');
    now += 20_000;
    await expect(source.token()).rejects.toThrow('unavailable');
  });

  it('marks a grant that has ended and cannot be refreshed', async () => {
    const { refresh_token: _none, ...tokens } = expired().tokens;
    const store = new SharedStore(expired({ tokens }));
    await expect(sourceOf(store).token()).rejects.toMatchObject({ code: 'sign_in_required' });
    expect(store.refusals).toBe(1);
  });

  it('keeps a grant that gives too little for one request, with the rights that lacked', async () => {
    const store = new SharedStore(expired({ expires_at: null }));
    const source = sourceOf(store);
    expect(await source.wantMore('another', 'read')).toMatchObject({ code: 'scope_required' });
    expect(await source.wantMore('access 1', 'write')).toMatchObject({ code: 'scope_required' });
    expect(store.wanted).toEqual(['write']);
    expect(await source.token()).toBe('access 1');
    await source.wantMore('access 1', 'write');
    const another = { access_token: 'access of another sign-in', token_type: 'bearer' };
    store.grant = expired({ expires_at: null, tokens: another });
    expect(await source.token()).toBe('access of another sign-in');
  });

  it('marks the grant when the server refuses what it gives, unless it is another by now', async () => {
    const store = new SharedStore(expired({ expires_at: null }));
    const source = sourceOf(store);
    expect(await source.refuse('another', true)).toMatchObject({ code: 'sign_in_required' });
    expect(store.refusals).toBe(0);
    await source.refuse('access 1', true);
    expect(store.refusals).toBe(1);
    await expect(source.token()).rejects.toMatchObject({ code: 'sign_in_required' });
  });

  it('asks no address that the policy does not allow', async () => {
    const store = new SharedStore(expired());
    const source = new GrantTokens({ store, policy: 'public', random: () => 0.5 });
    await expect(source.token()).rejects.toMatchObject({ code: 'server_error' });
    expect(requests).toHaveLength(0);
  });

  it('keeps the sign-in when it was too early for another token: the request fails for the moment', async () => {
    const store = new SharedStore(expired({ expires_at: null }));
    expect(await sourceOf(store).refuse('access 1', false)).toMatchObject({
      code: 'server_error',
      retryable: true,
    });
    expect(store.refusals).toBe(0);
  });

  it('keeps what a refresh does not repeat: the scopes that were granted', async () => {
    const tokens = { ...expired().tokens, scope: 'read' };
    const store = new SharedStore(expired({ tokens }));
    await sourceOf(store).token();
    expect(store.grant?.tokens.scope).toBe('read');
  });

  it('collects what several tools lack', async () => {
    const store = new SharedStore(expired({ expires_at: null, wanted_scope: 'write' }));
    await sourceOf(store).wantMore('access 1', 'admin write');
    await sourceOf(store).wantMore('access 1', null);
    expect(store.wanted).toEqual(['write admin', 'write']);
  });

  it('says that signing in again is of no use when the server asks for what the sign-in has', async () => {
    const granted = { ...expired().tokens, scope: 'read write' };
    const cases = [
      [{ tokens: granted }, 'write', 'forbidden', /“write”.*would not help/],
      [{ requested_scope: 'read write' }, 'write read', 'forbidden', /would not help/],
      [{ requested_scope: 'read' }, 'write', 'scope_required', /permissions that this call needs/],
      [
        { tokens: { ...granted, scope: 'read' }, requested_scope: 'read write' },
        'write',
        'scope_required',
        /didn't grant/,
      ],
      [{ requested_scope: 'read' }, null, 'scope_required', /permissions that this call needs/],
      [{ requested_scope: 'read', is_widest: true }, null, 'forbidden', /would not help/],
    ] as const;
    for (const [rest, scope, code, message] of cases) {
      const store = new SharedStore(expired({ expires_at: null, ...rest }));
      const error = await sourceOf(store).wantMore('access 1', scope);
      expect([scope, error.code]).toEqual([scope, code]);
      expect(error.message).toMatch(message);
      expect(store.wanted).toHaveLength(code === 'scope_required' ? 1 : 0);
    }
  });
});

describe('in a minute of one request a second', () => {
  /** A clock that the test moves; the requests of a minute go by in no time. */
  async function minute(life: unknown, use: (source: GrantTokens, token: string) => Promise<unknown>) {
    answer = () => ({
      status: 200,
      body: {
        access_token: `access ${requests.length + 1}`,
        token_type: 'Bearer',
        refresh_token: 'r',
        expires_in: life,
      },
    });
    let now = Date.parse('2026-11-27T12:00:00Z');
    const store = new SharedStore(expired({ expires_at: null }));
    store.now = () => now;
    const source = new GrantTokens({ store, policy: 'local', now: store.now, random: () => 0.5 });
    for (let second = 0; second < 60; second += 1, now += 1_000) await use(source, await source.token());
    return requests.length;
  }
  const refuseFirst = async (source: GrantTokens, token: string) => {
    if (token === 'access 1') await source.after(token);
  };

  it.each([0, 1, 2, -3600, '0', '1', null, 'soon'])(
    'refreshes once for one refusal, although tokens are said to live for %j',
    async (life) => {
      expect(await minute(life, refuseFirst)).toBe(1);
    },
  );

  it('refreshes ahead of time where tokens live for ten seconds', async () => {
    expect(await minute(10, refuseFirst)).toBeLessThanOrEqual(8);
  });

  it('refreshes less and less often for a tool that refuses every token', async () => {
    const ever = async (source: GrantTokens, token: string) => {
      const next = await source.after(token);
      if (next !== null) await source.reportIneffectiveRenewal(next);
    };
    expect(await minute(3600, ever)).toBe(5);
  });
});
