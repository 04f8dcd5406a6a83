import assert from 'node:assert/strict';
import { handle, scopeOf } from './handle.ts';

async function call(path: string, init: RequestInit = {}) {
  const sent: Request[] = [];
  const request = new Request(`http://f.test${path}`, {
    ...init,
    headers: { authorization: 'Bearer eyJ.a.b', ...init.headers },
  });
  const response = await handle(request, {
    projectUrl: 'https://project.test',
    publishableKey: 'sb_publishable_1',
    fetch: (forwarded) => {
      sent.push(forwarded);
      const headers = { 'content-range': '0-0/1', 'set-cookie': 'a=b', 'content-type': 'application/json' };
      return Promise.resolve(new Response('[{"id":"1"}]', { status: 206, headers }));
    },
  });
  return { response, sent };
}

Deno.test('a request goes on to PostgREST with its query, body and preferences', async () => {
  const { response, sent } = await call('/rest/mcp_servers?select=id&name=eq.clock', {
    method: 'PATCH',
    body: '{"name":"watch"}',
    headers: { prefer: 'return=representation', cookie: 'a=b', 'content-type': 'application/json' },
  });
  const [forwarded] = sent;
  assert.equal(forwarded?.url, 'https://project.test/rest/v1/mcp_servers?select=id&name=eq.clock');
  assert.equal(forwarded?.method, 'PATCH');
  assert.equal(await forwarded?.text(), '{"name":"watch"}');
  assert.deepEqual(Object.fromEntries(forwarded!.headers), {
    authorization: 'Bearer eyJ.a.b',
    apikey: 'sb_publishable_1',
    prefer: 'return=representation',
    'content-type': 'application/json',
  });
  assert.equal(response.status, 206);
  assert.equal(await response.text(), '[{"id":"1"}]');
  assert.deepEqual(Object.fromEntries(response.headers), {
    'content-range': '0-0/1',
    'content-type': 'application/json',
  });
});

Deno.test('nothing but tables and functions is reached', async () => {
  for (const path of [
    '/rest',
    '/rest/',
    '/rest/../auth/v1/user',
    '/rest/a/b',
    '/rest/%2e%2e/auth',
    '/rest/rpc/a/b',
  ]) {
    const { response, sent } = await call(path);
    assert.equal(response.status, 404, path);
    assert.deepEqual(sent, []);
  }
  assert.equal((await call('/rest/mcp_servers', { method: 'PUT', body: '{}' })).response.status, 405);
  const { response } = await call('/rest/mcp_servers', { headers: { authorization: 'Bearer something' } });
  assert.equal(response.status, 401);
});

Deno.test('reading needs no scope, writing that of what is written', () => {
  const scope = (method: string, path: string) => scopeOf(new Request(`http://f.test${path}`, { method }));
  assert.equal(scope('GET', '/rest/mcp_servers'), null);
  assert.equal(scope('POST', '/rest/rpc/server_history'), null);
  assert.equal(scope('POST', '/rest/mcp_servers'), 'servers:write');
  assert.equal(scope('PATCH', '/rest/mcp_tools'), 'servers:write');
  assert.equal(scope('POST', '/rest/rpc/rename_tag'), 'servers:write');
  assert.equal(scope('DELETE', '/rest/agent_configs'), 'agents:write');
  assert.equal(scope('POST', '/rest/agent_config_servers'), 'agents:write');
});
