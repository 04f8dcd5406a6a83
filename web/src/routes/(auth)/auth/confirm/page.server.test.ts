import { AuthRetryableFetchError } from '@supabase/supabase-js';
import { expect, it, vi } from 'vitest';
import { actions } from './+page.server.ts';

vi.mock('$lib/server/settings.ts', () => ({ settings: () => ({}) }));

it('a link stays valid when Auth cannot be reached, and the form can be submitted again', async () => {
  const answer = {
    data: { session: null, user: null },
    error: new AuthRetryableFetchError('fetch failed', 0),
  };
  const event = {
    url: new URL('https://patchbay.example/auth/confirm?token_hash=abc&type=recovery'),
    locals: { supabase: { auth: { verifyOtp: () => Promise.resolve(answer) } } },
  };
  const failure = await actions['confirm']?.(event as never);
  expect(failure).toMatchObject({ status: 503, data: { message: expect.stringContaining('Try again') } });
});
