import { AuthRetryableFetchError } from '@supabase/supabase-js';
import { expect, it, vi } from 'vitest';
import { actions } from './+page.server.ts';

vi.mock('$lib/server/settings.ts', () => ({ settings: () => ({}) }));

it('reports when other browsers could not be signed out', async () => {
  const signOut = async () => ({ error: new AuthRetryableFetchError('Bad gateway', 502) });
  const locals = {
    user: { id: 'ann', email: 'ann@x.test' },
    accessToken: 'token',
    supabase: { auth: { signOut }, rpc: async () => ({ data: 0, error: null }) },
  };
  const failure = await actions['signOut']?.({ locals } as never);
  expect(failure).toMatchObject({ status: 503, data: { about: 'sessions' } });
});
