import { error } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { createApiToken, listApiTokens, revokeApiToken } from './api-tokens.server.ts';
import { listMembers } from '$lib/server/workspace/members.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  if (!workspace.canManage) {
    error(403, { message: 'Only owners and admins can manage API tokens.' });
  }
  const [tokens, members] = await Promise.all([
    listApiTokens(who, workspace.id),
    listMembers(who, workspace.id),
  ]);
  const emails = new Map(members.map(({ user_id, email }) => [user_id, email]));
  return {
    tokens: tokens.map(({ created_by: maker, ...token }) => ({
      ...token,
      by: emails.get(maker) ?? 'a former member',
    })),
  };
};

export const actions: Actions = {
  create: async (event) => {
    const who = signedIn(event);
    const [workspace, form] = await Promise.all([
      currentWorkspace(who, event.cookies),
      event.request.formData(),
    ]);
    const typed = {
      name: String(form.get('name') ?? ''),
      scopes: form.getAll('scope').map(String),
      days: String(form.get('days') ?? ''),
    };
    const outcome = await createApiToken(who, workspace.id, { ...typed, days: Number(typed.days) || null });
    if (!outcome.ok) return actionFailure(outcome, { about: 'create', typed });
    return {
      about: 'create' as const,
      done: "Token created. Copy it now: you won't see it again.",
      token: outcome.value.token,
    };
  },

  revoke: async (event) => {
    const form = await event.request.formData();
    const outcome = await revokeApiToken(signedIn(event), String(form.get('id') ?? ''));
    if (outcome.ok) return { about: 'list' as const, done: 'Token revoked.' };
    return actionFailure(outcome, { about: 'list' });
  },
};
