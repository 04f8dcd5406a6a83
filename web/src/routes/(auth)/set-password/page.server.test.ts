import { expect, it, vi } from 'vitest';
import { actions } from './+page.server.ts';

vi.mock('$lib/server/settings.ts', () => ({ settings: () => ({}) }));

const TOKEN = { id: 'token-1', name: 'CI', workspace_name: 'Team', last_used_at: null };

async function led(tokens: object[], next: string): Promise<unknown> {
  const locals = {
    user: { id: 'ann', email: 'ann@x.test' },
    accessToken: 'token',
    supabase: {
      auth: { updateUser: async () => ({ error: null }), signOut: async () => ({ error: null }) },
      rpc: async () => ({ data: tokens, error: null, status: 200 }),
    },
  };
  const event = {
    url: new URL(`https://patchbay.example/set-password?${new URLSearchParams({ next })}`),
    request: new Request('https://patchbay.example', {
      method: 'POST',
      body: new URLSearchParams({ next: 'a long new password' }),
    }),
    cookies: { get: () => 'ann', delete: () => undefined },
    locals,
  };
  return (async () => actions['default']?.(event as never))().catch((thrown: unknown) => thrown);
}

it('after a reset, the account page asks about API tokens that still work', async () => {
  expect(await led([TOKEN], '/servers')).toMatchObject({
    status: 303,
    location: '/account?password=changed&next=%2Fservers',
  });
});

it('without API tokens, a reset continues at once and never to another site', async () => {
  expect(await led([], '/servers')).toMatchObject({ status: 303, location: '/servers' });
  expect(await led([], '/\t/evil.example')).toMatchObject({ status: 303, location: '/servers' });
});
