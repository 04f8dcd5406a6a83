import { fail } from '@sveltejs/kit';
import { problemWords } from '$lib/server/database.ts';
import { updateServer } from '$lib/server/servers.ts';
import { signedIn } from '$lib/server/session.ts';
import type { Actions } from './$types';

export const actions: Actions = {
  /** The switch of a row; `to` is the wanted state, so that a repeated click is harmless. */
  activate: async (event) => {
    const who = signedIn(event);
    const form = await event.request.formData();
    const result = await updateServer(who, String(form.get('id')), { is_active: form.get('to') === 'on' });
    if (!result.ok) return fail(409, { message: problemWords(result.problem) });
    return { server: result.value };
  },
};
