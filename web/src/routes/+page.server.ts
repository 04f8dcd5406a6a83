import { redirect } from '@sveltejs/kit';
import type { PageServerLoad } from './$types';

/** Auth redirects here if the requested address is not allowed. */
export const load: PageServerLoad = ({ url }) => {
  const { searchParams, search } = url;
  const isCallback = searchParams.has('code') || searchParams.has('error');
  if (isCallback) redirect(303, `/auth/callback${search}`);
  redirect(303, '/servers');
};
