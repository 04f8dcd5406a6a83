import { redirect } from '@sveltejs/kit';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { readTheme } from '$lib/theme.ts';
import type { RequestHandler } from './$types';

const YEAR_SECONDS = 365 * 24 * 3600;

/** Stores the theme and returns to the page. */
export const POST: RequestHandler = async ({ request, cookies, url }) => {
  const form = await request.formData();
  const theme = readTheme(String(form.get('theme')));
  cookies.set('theme', theme, {
    path: '/',
    maxAge: YEAR_SECONDS,
    httpOnly: true,
    sameSite: 'lax',
    secure: url.protocol === 'https:',
  });
  redirect(303, returnPath(String(form.get('from'))));
};
