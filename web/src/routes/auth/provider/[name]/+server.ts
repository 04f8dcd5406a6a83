import { error, redirect } from '@sveltejs/kit';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { settings } from '$lib/server/settings.ts';
import { enabledProviders } from '$lib/server/auth/social-providers.ts';
import type { RequestHandler } from './$types';

/** Redirects to a provider. The verifier stays in a cookie, so only this browser can finish the sign-in. */
export const GET: RequestHandler = async ({ params, locals, url }) => {
  const provider = (await enabledProviders(settings())).find(({ id }) => id === params.name);
  if (!provider) error(404, { message: 'This sign-in method is not available.', hint: 'Sign in by email.' });
  const next = encodeURIComponent(returnPath(url.searchParams.get('next')));
  const { data } = await locals.supabase.auth.signInWithOAuth({
    provider: provider.id,
    options: { redirectTo: `${url.origin}/auth/callback?next=${next}` },
  });
  // eslint-disable-next-line no-restricted-syntax -- an address of our own Auth, with the return path checked above
  redirect(303, data.url ?? '/sign-in');
};
