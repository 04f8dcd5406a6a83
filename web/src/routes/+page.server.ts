import { redirect } from '@sveltejs/kit';
import type { PageServerLoad } from './$types';

/** Auth sends people here when it may not send them to the address that was asked for. */
export const load: PageServerLoad = ({ url }) => {
  const { searchParams, search } = url;
  const isCallback = searchParams.has('code') || searchParams.has('error');
  if (isCallback) redirect(303, `/auth/callback${search}`);
  redirect(303, '/servers');
};
