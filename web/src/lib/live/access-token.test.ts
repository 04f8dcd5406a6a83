import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const HOUR_MS = 3_600_000;
let issued = 0;

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
  issued = 0;
  vi.stubGlobal('fetch', () =>
    Promise.resolve(Response.json({ accessToken: `token-${++issued}`, expiresAt: Date.now() + HOUR_MS })),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('a token is kept while valid, and renewed before it expires or when it was rejected', async () => {
  const { currentAccess } = await import('./access-token.ts');
  const ask = async (refused?: string) => (await currentAccess(refused)).accessToken;
  expect(await ask()).toBe('token-1');
  expect(await ask()).toBe('token-1');
  expect(await ask('an older one')).toBe('token-1');
  expect(await ask('token-1')).toBe('token-2');
  expect(await ask()).toBe('token-2');
  vi.setSystemTime(Date.now() + HOUR_MS - 60_000);
  expect(await ask()).toBe('token-3');
});

it('an ended session is distinguished from an unavailable server', async () => {
  const { currentAccess, SessionExpired } = await import('./access-token.ts');
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 401 })));
  await expect(currentAccess()).rejects.toBeInstanceOf(SessionExpired);
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(null, { status: 503 })));
  await expect(currentAccess()).rejects.toBeInstanceOf(TypeError);
});
