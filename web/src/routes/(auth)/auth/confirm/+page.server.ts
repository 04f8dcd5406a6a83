import { fail, redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { failure } from '$lib/server/result.ts';
import { z } from 'zod';
import { returnPath, returnPathOf } from '@patchbay/shared/contract/return-path';
import { authErrorMessage } from '$lib/server/auth/credentials-form.ts';
import { LinkKind, parseEmail, sendEmailLink } from '$lib/server/auth/email-links.ts';
import { allowNewPassword } from '../../new-password.server.ts';
import type { Actions, PageServerLoad } from './$types';

const Link = z.object({
  token_hash: z.string().min(1).max(200),
  type: LinkKind,
  next: z.string().nullable(),
});

function readLink({ searchParams }: URL): z.infer<typeof Link> | null {
  const [token_hash, type, next] = ['token_hash', 'type', 'next'].map((name) => searchParams.get(name));
  return Link.safeParse({ token_hash, type, next }).data ?? null;
}

// Mail scanners open every link, so only the form consumes the token.
export const load: PageServerLoad = ({ url }) => ({ kind: readLink(url)?.type ?? null });

export const actions: Actions = {
  confirm: async (event) => {
    const link = readLink(event.url);
    if (!link) return fail(400, { isExpired: true as const });
    const { token_hash, type } = link;
    const { data, error } = await event.locals.supabase.auth.verifyOtp({ token_hash, type });
    if (error?.code === 'otp_expired') return fail(400, { isExpired: true as const });
    // supabase-js reports 0 without an answer.
    if (error) return actionFailure(failure(error.status || 503, authErrorMessage(error.code)));
    const next = returnPathOf(link.next, event.url.origin);
    if (type === 'email_change') return data.session ? { changed: data.user?.email ?? '' } : { isHalf: true };
    if (type !== 'recovery' || !data.user) redirect(303, returnPath(next));
    allowNewPassword(event, data.user.id);
    redirect(303, `/set-password?next=${encodeURIComponent(next)}`);
  },

  resend: async (event) => {
    const link = readLink(event.url);
    const form = parseEmail(await event.request.formData());
    if (!form.ok) return actionFailure(form, { isExpired: true, email: form.email });
    if (!link) redirect(303, '/sign-in');
    const next = returnPathOf(link.next, event.url.origin);
    const sent = await sendEmailLink(event, link.type, form.email, next);
    if (sent.ok) return { email: form.email, sent: true };
    return actionFailure(sent, { isExpired: true, email: form.email });
  },
};
