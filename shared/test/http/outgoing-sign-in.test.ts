import { describe, expect, it } from 'vitest';
import { AppError } from '../../src/contract/errors.ts';
import { codeOf, outgoing, serve } from '../support/outgoing.ts';

/** Tokens `one`, then `two`; what was refused is kept. */
function signedIn() {
  const refused: string[] = [];
  const wanted: [string, string | null][] = [];
  const after: string[] = [];
  const vain: string[] = [];
  const tokens = {
    token: () => Promise.resolve('one'),
    after: (token: string): Promise<string | null> => Promise.resolve((after.push(token), 'two')),
    reportIneffectiveRenewal: (token: string) => Promise.resolve(void vain.push(token)),
    refuse: (token: string) => Promise.resolve((refused.push(token), new AppError('sign_in_required'))),
    wantMore: (token: string, scope: string | null) =>
      Promise.resolve((wanted.push([token, scope]), new AppError('scope_required'))),
    settled: () => Promise.resolve(),
  };
  return { credential: { method: 'oauth', tokens } as const, refused, wanted, after, vain };
}

it('sends the token of a sign-in to its own origin only, whatever discovery or a redirect names', async () => {
  const other = await serve((_request, response) => response.end('other'));
  const own = await serve((_request, response) =>
    response.writeHead(307, { location: `${other.origin}/moved` }).end(),
  );
  const fetch = outgoing({ credential: { origin: own.origin, credential: signedIn().credential } });
  await (await fetch(`${own.origin}/mcp`)).text();
  expect(own.seen[0]?.headers.authorization).toBe('Bearer one');
  expect(other.seen[0]?.headers).not.toHaveProperty('authorization');
});

it('follows a refused token by one other, with the same request, and then gives up by name', async () => {
  const accepted = new Set(['Bearer two']);
  const own = await serve((request, response) =>
    response.writeHead(accepted.has(request.headers.authorization ?? '') ? 200 : 401).end(),
  );
  const { credential, refused, after } = signedIn();
  const fetch = outgoing({ credential: { origin: own.origin, credential } });
  expect((await fetch(`${own.origin}/mcp`, { method: 'POST', body: '{}' })).status).toBe(200);
  expect([after, refused]).toEqual([['one'], []]);
  accepted.clear();
  expect(await codeOf(fetch(`${own.origin}/mcp`, { method: 'POST', body: '{}' }))).toBe('sign_in_required');
  expect(refused).toEqual(['two']);
  expect(own.seen).toHaveLength(4);
});

describe('a token that is refused for one tool', () => {
  const call = { method: 'POST', body: JSON.stringify({ id: 1, method: 'tools/call' }) };
  const list = { method: 'POST', body: JSON.stringify({ id: 1, method: 'tools/list' }) };
  const refusing = (challenge: string | null, status = 401) =>
    serve((_request, response) =>
      response.writeHead(status, challenge === null ? {} : { 'www-authenticate': challenge }).end('not you'),
    );

  it('costs one other token, and leaves the sign-in and the server’s own words', async () => {
    const own = await refusing('Bearer');
    const { credential, refused, after, vain } = signedIn();
    const fetch = outgoing({ credential: { origin: own.origin, credential } });
    const response = await fetch(`${own.origin}/mcp`, call);
    expect([response.status, await response.text()]).toEqual([401, 'not you']);
    expect({ after, vain, refused }).toEqual({ after: ['one'], vain: ['two'], refused: [] });
    expect(own.seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
    // What concerns the whole server ends the sign-in.
    expect(await codeOf(fetch(`${own.origin}/mcp`, list))).toBe('sign_in_required');
    expect(refused).toEqual(['two']);
  });

  it.each([401, 403])('ends the sign-in when the server calls the token invalid (%s)', async (status) => {
    const own = await refusing('Bearer error="invalid_token"', status);
    const { credential, refused } = signedIn();
    const fetch = outgoing({ credential: { origin: own.origin, credential } });
    expect(await codeOf(fetch(`${own.origin}/mcp`, call))).toBe('sign_in_required');
    expect(refused).toEqual(['two']);
  });

  it('leaves it to the next handshake whether a refused ping ends the sign-in', async () => {
    const own = await refusing(null);
    const { credential, refused } = signedIn();
    const fetch = outgoing({ credential: { origin: own.origin, credential } });
    const ping = { method: 'POST', body: JSON.stringify({ id: 1, method: 'ping' }) };
    expect(await codeOf(fetch(`${own.origin}/mcp`, ping))).toBe('server_error');
    expect(refused).toEqual([]);
    const hello = { method: 'POST', body: JSON.stringify({ id: 1, method: 'initialize' }) };
    expect(await codeOf(fetch(`${own.origin}/mcp`, hello))).toBe('sign_in_required');
  });

  it('is not sent again when there is no other', async () => {
    const own = await refusing(null);
    const { credential, refused } = signedIn();
    credential.tokens.after = () => Promise.resolve(null);
    const fetch = outgoing({ credential: { origin: own.origin, credential } });
    expect((await fetch(`${own.origin}/mcp`, call)).status).toBe(401);
    expect([own.seen.length, refused]).toEqual([1, []]);
  });

  it('says nothing about the sign-in when it was the stream of an open session', async () => {
    const own = await refusing(null);
    const { credential, refused } = signedIn();
    const fetch = outgoing({ credential: { origin: own.origin, credential } });
    const headers = { 'mcp-protocol-version': '2025-11-25' };
    expect((await fetch(`${own.origin}/mcp`, { headers })).status).toBe(401);
    expect(refused).toEqual([]);
    // The stream with which the old transport begins is the whole connection.
    expect(await codeOf(fetch(`${own.origin}/mcp`))).toBe('sign_in_required');
  });

  it('is a matter of scopes when the server says so, with whatever status', async () => {
    const own = await refusing('Bearer error="insufficient_scope", scope="write"');
    const { credential, wanted, after } = signedIn();
    const fetch = outgoing({ credential: { origin: own.origin, credential } });
    expect(await codeOf(fetch(`${own.origin}/mcp`, call))).toBe('scope_required');
    expect([after, wanted]).toEqual([[], [['one', 'write']]]);
  });
});

it('asks for the rights that the server wants beyond the token, and for no other token', async () => {
  const challenge = 'Bearer error="insufficient_scope", scope="read write"';
  const own = await serve((_request, response) =>
    response.writeHead(403, { 'www-authenticate': challenge }).end(),
  );
  const { credential, refused, wanted, after } = signedIn();
  const fetch = outgoing({ credential: { origin: own.origin, credential } });
  expect(await codeOf(fetch(`${own.origin}/mcp`))).toBe('scope_required');
  expect([after, refused, wanted]).toEqual([[], [], [['one', 'read write']]]);
});
