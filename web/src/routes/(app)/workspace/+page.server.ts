import type { TagChange } from '@patchbay/shared/contract/schema/workspace';
import { Role } from '@patchbay/shared/contract/schema/workspace';
import { redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import {
  invite,
  listInvitations,
  listMembers,
  removeMember,
  revokeInvitation,
  setRole,
  transferOwnership,
} from '$lib/server/workspace/members.ts';
import { failure, invalidFields, type Result } from '$lib/server/result.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import {
  deleteWorkspace,
  listTags,
  readUsage,
  removeTag,
  renameTag,
  updateWorkspace,
} from './workspace-settings.server.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, PageServerLoad, RequestEvent } from './$types';

/** Which card of the page an answer belongs to. */
type About = 'name' | 'people' | 'invite' | 'tags' | 'transcripts' | 'end';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  const isOwner = workspace.role === 'owner';
  const [members, invitations, tags, usage] = await Promise.all([
    listMembers(who, workspace.id),
    isOwner ? listInvitations(who, workspace.id, new Date()) : [],
    listTags(who, workspace.id),
    readUsage(who, workspace.id),
  ]);
  return { members, invitations, tags, usage, roles: Role.options };
};

/** What every action begins with: who, where, and what was typed. */
async function begin(event: RequestEvent) {
  const who = signedIn(event);
  const [workspace, form] = await Promise.all([
    currentWorkspace(who, event.cookies),
    event.request.formData(),
  ]);
  const text = (name: string) => String(form.get(name) ?? '').trim();
  return { who, workspace, text };
}

function answer<T>(about: About, outcome: Result<T>, done: (value: T) => string) {
  return outcome.ok ? { about, done: done(outcome.value) } : actionFailure(outcome, { about });
}

function tagWords(verb: string, { changed, left }: TagChange): string {
  const words = `The tag was ${verb} on ${changed === 1 ? '1 server' : `${changed} servers`}.`;
  return left > 0 ? `${words} ${left} of others still carry it.` : words;
}

export const actions: Actions = {
  rename: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await updateWorkspace(who, workspace.id, { name: text('name') });
    return answer('name', outcome, () => 'The workspace has its new name.');
  },

  transcripts: async (event) => {
    const { who, workspace, text } = await begin(event);
    const keeps = text('to') === 'on';
    const outcome = await updateWorkspace(who, workspace.id, { keep_transcripts: keeps });
    return answer('transcripts', outcome, () =>
      keeps
        ? 'What is said is kept from now on.'
        : 'Nothing that is said is kept from now on. Earlier transcripts stay until they are deleted.',
    );
  },

  invite: async (event) => {
    const { who, workspace, text } = await begin(event);
    const typed = { role: text('role'), email: text('email') };
    const outcome = await invite(who, workspace.id, { ...typed, hours: Number(text('hours')) });
    if (!outcome.ok) return actionFailure(outcome, { about: 'invite', typed });
    const link = `${event.url.origin}/invitations/${outcome.value.token}`;
    return { about: 'invite' as const, done: 'The link is shown this once: copy it now.', link };
  },

  revoke: async (event) => {
    const { who, text } = await begin(event);
    return answer('invite', await revokeInvitation(who, text('id')), () => 'The link works no more.');
  },

  role: async (event) => {
    const { who, workspace, text } = await begin(event);
    const role = Role.safeParse(text('role'));
    if (!role.success) return actionFailure(failure(400, 'This is no role.'), { about: 'people' });
    const outcome = await setRole(who, workspace.id, text('user'), role.data);
    return answer('people', outcome, () => 'The role is changed.');
  },

  remove: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await removeMember(who, workspace.id, text('user'));
    return answer('people', outcome, () => 'They are no member any more.');
  },

  transfer: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await transferOwnership(who, workspace.id, text('user'));
    return answer('people', outcome, () => 'The workspace has a new owner; you stay as admin.');
  },

  leave: async (event) => {
    const { who, workspace } = await begin(event);
    const outcome = await removeMember(who, workspace.id, who.user.id);
    if (!outcome.ok) return answer('end', outcome, () => '');
    redirect(303, '/servers');
  },

  renameTag: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await renameTag(who, workspace.id, text('tag'), text('new_tag'));
    return answer('tags', outcome, (change) => tagWords('renamed', change));
  },

  removeTag: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await removeTag(who, workspace.id, text('tag'));
    return answer('tags', outcome, (change) => tagWords('removed', change));
  },

  delete: async (event) => {
    const { who, workspace, text } = await begin(event);
    if (text('confirm') !== workspace.name) {
      const errors = { confirm: ['Type the name of the workspace exactly as it is.'] };
      return actionFailure(invalidFields(errors, 'Nothing was deleted.'), { about: 'end' });
    }
    const outcome = await deleteWorkspace(who, workspace.id);
    if (!outcome.ok) return answer('end', outcome, () => '');
    redirect(303, '/servers');
  },
};
