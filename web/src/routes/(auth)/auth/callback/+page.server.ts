import { redirect } from '@sveltejs/kit';
import { returnPath } from '@patchbay/shared/contract/return-path';
import { callbackProblem } from './callback-error.ts';
import type { PageServerLoad } from './$types';

/** Where Auth redirects after a provider's sign-in. A code works once and only with this browser's verifier. */
export const load: PageServerLoad = async ({ url: { searchParams }, locals }) => {
  const [code, error, errorCode] = ['code', 'error', 'error_code'].map((name) => searchParams.get(name));
  if (!code) return { problem: callbackProblem(error ?? null, errorCode ?? null) };
  const exchanged = await locals.supabase.auth.exchangeCodeForSession(code);
  if (exchanged.error) return { problem: callbackProblem(null, exchanged.error.code ?? null) };
  redirect(303, returnPath(searchParams.get('next')));
};
