import { expect, it } from 'vitest';
import { createProviderList } from './social-providers.ts';

const PROJECT = { supabaseUrl: 'https://x.supabase.co', publishableKey: 'sb_publishable_1' };

it('lists the providers that are enabled in Auth and known to the page', async () => {
  const asked: string[] = [];
  const send: typeof fetch = async (input, init) => {
    asked.push(`${new Request(input).url} ${new Headers(init?.headers).get('apikey')}`);
    return Response.json({ external: { github: true, google: false, gitlab: true, email: true } });
  };
  const list = createProviderList(send, () => 0);
  expect(await list(PROJECT)).toEqual([{ id: 'github', name: 'GitHub' }]);
  await list(PROJECT);
  expect(asked).toEqual(['https://x.supabase.co/auth/v1/settings sb_publishable_1']);
});

it.each<[string, () => Response]>([
  ['a failure', () => new Response('{}', { status: 500 })],
  ['a page', () => new Response('<h1>One moment</h1>')],
  ['no connection', () => Response.error().clone()],
])('%s keeps the last list of providers, which is cached between pages', async (_, answer) => {
  let now = 0;
  let count = 0;
  const send: typeof fetch = async () =>
    count++ === 0 ? Response.json({ external: { google: true } }) : answer();
  const list = createProviderList(send, () => now);
  const google = [{ id: 'google', name: 'Google' }];
  expect(await list(PROJECT)).toEqual(google);
  now = 20_000;
  expect(await list(PROJECT)).toEqual(google);
  expect(await list(PROJECT)).toEqual(google);
  expect(count).toBe(2);
});
