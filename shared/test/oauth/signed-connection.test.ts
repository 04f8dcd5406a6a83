/** A connection on a sign-in whose server refuses its tokens: here and there, or altogether. Requests are counted there. */
import { afterEach, describe, expect, it } from 'vitest';
import { openConnection } from '../../src/engine/session/open-connection.ts';
import { GrantTokens } from '../../src/engine/oauth/token-source.ts';
import { until } from '../support/listen.ts';
import { grantAt, SharedStore } from '../support/shared-grant-store.ts';
import { startSignInSite, type Reply, type SignInSite } from '../support/sign-in-site.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Message {
  id?: number;
  method?: string;
  params?: { name?: string };
}

/** A server of the era of sessions; `refuse` answers in its place where it wants to. */
async function start(refuse: (message: Message, token: string) => Reply | null) {
  let renewals = 0;
  const answer = (text: string, authorization: string | null): Reply => {
    const message = (text === '' ? {} : JSON.parse(text)) as Message;
    const refused = refuse(message, authorization?.replace('Bearer ', '') ?? '');
    if (refused) return refused;
    const { id, method = '', params } = message;
    if (id === undefined) return { status: method === '' ? 405 : 202 };
    const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
    const results: Record<string, object> = {
      initialize: {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'guarded', version: '1' },
      },
      'tools/list': { tools: [tool('open'), tool('closed')] },
      'tools/call': { content: [{ type: 'text', text: `ran ${params?.name}` }] },
      ping: {},
    };
    const headers: Record<string, string> = method === 'initialize' ? { 'mcp-session-id': 'session' } : {};
    const result = results[method];
    const error = { code: -32_601, message: 'Method not found' };
    return { body: { jsonrpc: '2.0', id, ...(result ? { result } : { error }) }, headers };
  };
  const site = await startSignInSite({
    '/mcp': ({ text, authorization }) => answer(text, authorization),
    '/token': () => ({ body: { access_token: `access ${(renewals += 1)}`, refresh_token: 'next' } }),
  });
  cleanups.push(() => site.stop());
  const store = new SharedStore(grantAt(site.origin));
  const states: string[] = [];
  const tokens = new GrantTokens({ store, policy: 'local' });
  const connection = openConnection(
    {
      ...{ serverId: 's', configVersion: 1, url: site.url, transport: 'auto' },
      ...{ credential: { method: 'oauth', tokens }, callTimeoutMs: 5_000, maxConcurrency: 2 },
    },
    { policy: 'local', onState: ({ name }) => states.push(name) },
  );
  cleanups.push(() => connection.close());
  return { site, store, connection, states };
}
const refreshes = (site: SignInSite) => site.count('/token');
const failureOf = (calling: Promise<unknown>) =>
  calling.then(
    () => Promise.reject(new Error('it went well')),
    (error: { code: string; message: string }) => error,
  );

describe('a tool that is refused to everybody', () => {
  const closedWith = (reply: (message: Message) => Reply) => (message: Message) =>
    message.method === 'tools/call' && message.params?.name === 'closed' ? reply(message) : null;

  it.each<[string, (message: Message) => Reply]>([
    [
      'a JSON-RPC error',
      ({ id }) => ({
        status: 401,
        body: { jsonrpc: '2.0', id, error: { code: -32_000, message: 'Paid plan only' } },
      }),
    ],
    ['words', () => ({ status: 401, body: 'Paid plan only', headers: { 'content-type': 'text/plain' } })],
    [
      'a challenge',
      () => ({
        status: 401,
        body: { error: 'Paid plan only' },
        headers: { 'www-authenticate': 'Bearer realm="x"' },
      }),
    ],
  ])('with %s fails by itself, with the server’s words and few refreshes', async (_how, reply) => {
    const { site, store, connection, states } = await start(closedWith(reply));
    await until(() => connection.state.name === 'ready', 'the tools');
    for (let n = 0; n < 5; n += 1) {
      const { message } = await failureOf(connection.call('closed', {}));
      expect(message).toContain('Paid plan only');
    }
    expect((await connection.call('open', {})).text).toBe('ran open');
    expect(refreshes(site)).toBe(1);
    // The first call with two tokens, the others with the last one: none ran twice.
    expect(site.asked.filter(({ text }) => text.includes('"closed"'))).toHaveLength(6);
    expect(store.grant?.is_refused).toBe(false);
    expect(states).not.toContain('needs_credentials');
  });

  it('ends the sign-in when its server calls the refreshed token invalid', async () => {
    const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
    const { site, store, connection } = await start(closedWith(() => ({ status: 401, headers })));
    await until(() => connection.state.name === 'ready', 'the tools');
    expect(await failureOf(connection.call('closed', {}))).toMatchObject({ code: 'sign_in_required' });
    expect([refreshes(site), store.grant?.is_refused]).toEqual([1, true]);
  });
});

it('a server that refuses every token costs one refresh, and then a sign-in is needed', async () => {
  const { site, store, connection } = await start(() => ({ status: 401 }));
  await until(() => connection.state.name === 'needs_credentials', 'the end of the sign-in');
  expect(await failureOf(connection.call('open', {}))).toMatchObject({ code: 'sign_in_required' });
  expect([refreshes(site), store.grant?.is_refused]).toEqual([1, true]);
});

it('a session that is gone is no matter of the sign-in, although the status is that of one', async () => {
  let isLost = false;
  const { site, store, connection } = await start(({ method }) => {
    if (method === 'initialize') isLost = false;
    return isLost
      ? { status: 401, body: 'Unauthorized: Session not found', headers: { 'content-type': 'text/plain' } }
      : null;
  });
  await until(() => connection.state.name === 'ready', 'the tools');
  isLost = true;
  expect((await connection.call('open', {})).text).toBe('ran open');
  expect([refreshes(site), store.grant?.is_refused]).toEqual([0, false]);
});
