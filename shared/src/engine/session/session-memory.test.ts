import { describe, expect, it } from 'vitest';
import { SessionMemory } from './session-memory.ts';

const URL_ = new URL('https://example.com/team/mcp');

function learned(headers: [string, string][], url = URL_, status = 200): SessionMemory {
  const memory = new SessionMemory();
  memory.learn(url, new Headers(), status, new Headers(headers));
  return memory;
}

const signed = (memory: SessionMemory, url: string, headers = {}) => {
  const all = new Headers(headers);
  memory.sign(new URL(url), all);
  return Object.fromEntries(all);
};

describe('cookies', () => {
  const memory = learned([
    ['set-cookie', 'route=a; Path=/; HttpOnly; Secure'],
    ['set-cookie', 'narrow=b; Path=/team'],
    ['set-cookie', 'own=c=d; Expires=never'],
    ['set-cookie', 'past=e; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
    ['set-cookie', 'gone=f; Path=/; Max-Age=0'],
    ['set-cookie', 'ä=g'],
  ]);

  it.each([
    ['https://example.com/team/mcp', 'route=a; narrow=b; own=c=d'],
    ['https://example.com/teams', 'route=a'],
    ['https://example.com/other', 'route=a'],
    ['https://example.com:8443/team/mcp', undefined],
    ['http://example.com/team/mcp', undefined],
    ['https://sub.example.com/team/mcp', undefined],
  ])('go back to their own origin and path only: %s', (url, cookie) => {
    expect(signed(memory, url).cookie).toBe(cookie);
  });

  it('follow a credential that is a cookie', () => {
    expect(signed(memory, 'https://example.com/', { cookie: 'key=secret' }).cookie).toBe(
      'key=secret; route=a',
    );
  });

  it('are replaced and deleted by the server', () => {
    const one = learned([['set-cookie', 'route=a; Path=/']]);
    one.learn(URL_, new Headers(), 404, new Headers([['set-cookie', 'route=b; Path=/']]));
    expect(signed(one, URL_.href).cookie).toBe('route=b');
    one.learn(URL_, new Headers(), 200, new Headers([['set-cookie', 'route=; Path=/; Max-Age=0']]));
    expect(signed(one, URL_.href).cookie).toBeUndefined();
  });

  it('are not kept without end', () => {
    const many = learned(Array.from({ length: 200 }, (_, n) => ['set-cookie', `c${n}=1; Path=/`]));
    expect(signed(many, URL_.href).cookie?.split('; ')).toHaveLength(50);
  });
});

describe('the session id', () => {
  const assigned = (id: string) => new Headers({ 'mcp-session-id': id });
  const idOf = (memory: SessionMemory, url = URL_.href) =>
    signed(memory, url, { 'mcp-session-id': 'from-the-sdk' })['mcp-session-id'];

  it('goes to the origin that assigned it, in place of any other', () => {
    const memory = learned([['mcp-session-id', 'one']]);
    expect(memory.hasSession).toBe(true);
    expect(idOf(memory)).toBe('one');
    expect(idOf(memory, 'https://other.example/mcp')).toBeUndefined();
  });

  it('is followed when the server changes it, but not back by a slow response', () => {
    const memory = learned([['mcp-session-id', 'one']]);
    memory.learn(URL_, assigned('one'), 200, assigned('two'));
    memory.learn(URL_, assigned('one'), 200, assigned('one'));
    expect(idOf(memory)).toBe('two');
  });

  it('is not taken from an error, and forgotten for a new handshake', () => {
    expect(learned([['mcp-session-id', 'one']], URL_, 404).hasSession).toBe(false);
    const memory = learned([['mcp-session-id', 'one']]);
    memory.forgetSession();
    expect([memory.hasSession, idOf(memory)]).toEqual([false, undefined]);
  });
});

it('keeps little of what grows: cookies and session ids are cut off at a few KB', () => {
  const large = learned([['set-cookie', `large=${'x'.repeat(4_096)}; Path=/`]]);
  expect(signed(large, 'https://example.com/').cookie).toBeUndefined();
  const many = Array.from({ length: 40 }, (_, n): [string, string] => [
    'set-cookie',
    `c${n}=${'x'.repeat(1_000)}; Path=/`,
  ]);
  const cookie = signed(learned(many), 'https://example.com/').cookie ?? '';
  expect(cookie.length).toBeGreaterThan(15_000);
  expect(cookie.length).toBeLessThan(16_500);
  const idOf = (length: number) =>
    signed(learned([['mcp-session-id', 'x'.repeat(length)]]), 'https://example.com/')['mcp-session-id'];
  expect(idOf(4_096)).toBe('x'.repeat(4_096));
  expect(idOf(4_097)).toBeUndefined();
});
