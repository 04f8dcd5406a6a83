import { describe, expect, it } from 'vitest';
import { SseEndpoint, underPrefix } from './sse-endpoint.ts';

const CONFIGURED = new URL('https://example.com/team/sse');

describe('the path of an endpoint behind a proxy', () => {
  it.each([
    ['/team/sse', '/messages?sessionId=1', '/team/messages?sessionId=1'],
    ['/team/sse', '/messages/?sessionId=1', '/team/messages/?sessionId=1'],
    ['/a/b/sse', '/messages', '/a/b/messages'],
    ['/a/b/sse', '/b/messages', '/a/b/messages'],
    ['/team/sse', '/team/messages', null],
    ['/a/b/sse', '/a/b/messages', null],
    ['/sse', '/messages', null],
  ])('configured as %s, named as %s: %s', (configured, named, expected) => {
    const base = new URL(configured, CONFIGURED);
    const prefixed = underPrefix(new URL(named, base), base);
    expect(prefixed && prefixed.pathname + prefixed.search).toBe(expected);
  });
});

/** A session whose stream names `endpoint`, and whose server answers POSTs by path. */
async function session(endpoint: string, answers: Record<string, number>, newline = '\n') {
  const posted: string[] = [];
  const sse = new SseEndpoint(CONFIGURED, (input, init) => {
    const url = new URL(input);
    if (init?.method !== 'POST') {
      const events = `: hello${newline}${newline}event: endpoint${newline}data: ${endpoint}${newline}${newline}`;
      return Promise.resolve(new Response(events, { headers: { 'content-type': 'text/event-stream' } }));
    }
    posted.push(url.pathname);
    return Promise.resolve(new Response('', { status: answers[url.pathname] ?? 404 }));
  });
  await (await sse.fetch(CONFIGURED)).text();
  const post = () =>
    sse.fetch(new URL(endpoint, CONFIGURED), { method: 'POST' }).then(
      ({ status }) => status,
      (error: { code: string; message: string }) => error,
    );
  return { sse, post, posted };
}

describe('messages of an old SSE session', () => {
  it('go to the endpoint that was named', async () => {
    const { post, posted } = await session('/messages?sessionId=1', { '/messages': 202 });
    expect([await post(), await post()]).toEqual([202, 202]);
    expect(posted).toEqual(['/messages', '/messages']);
  });

  it('go under the prefix of the configured path when only that works, and stay there', async () => {
    const { post, posted } = await session('/messages?sessionId=1', { '/team/messages': 202 });
    expect([await post(), await post()]).toEqual([202, 202]);
    expect(posted).toEqual(['/messages', '/team/messages', '/team/messages']);
  });

  it('that nobody takes fail with the names of both, and without the session', async () => {
    const { post, posted } = await session('/messages?sessionId=1', {});
    const error = await post();
    expect(error).toMatchObject({
      code: 'not_found',
      message: expect.stringMatching(
        /https:\/\/example\.com\/messages .*https:\/\/example\.com\/team\/messages/,
      ) as string,
    });
    expect(JSON.stringify(error)).not.toContain('sessionId');
    expect(posted).toEqual(['/messages', '/team/messages']);
  });

  it.each([401, 429, 503])('that are refused for another reason (%i) are not sent twice', async (status) => {
    const { post, posted } = await session('/messages', { '/messages': status });
    expect(await post()).toBe(status);
    expect(posted).toEqual(['/messages']);
  });
});

describe('an endpoint on another host', () => {
  it.each(['\n', '\r\n', '\r'])('is named in the failure (line ends %j)', async (newline) => {
    const { sse } = await session('http://localhost:5409/messages?sessionId=1', {}, newline);
    expect(sse.unusable).toMatchObject({
      code: 'protocol_error',
      message: expect.stringContaining('http://localhost:5409/messages') as string,
    });
    expect(sse.unusable?.message).not.toContain('sessionId');
  });

  it('is none when it is on the same', async () => {
    expect((await session('/messages', {})).sse.unusable).toBeNull();
  });
});
