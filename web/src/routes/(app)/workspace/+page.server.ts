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
import { formatCount } from '$lib/ui/format-count.ts';
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

function describeTagChange(verb: string, { changed, left }: TagChange): string {
  const message = `Tag ${verb} on ${formatCount(changed, 'server')}.`;
  return left > 0
    ? `${message} You don't have permission to change ${formatCount(left, 'other server')} with this tag.`
    : message;
}

export const actions: Actions = {
  rename: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await updateWorkspace(who, workspace.id, { name: text('name') });
    return answer('name', outcome, () => 'Workspace renamed.');
  },

  transcripts: async (event) => {
    const { who, workspace, text } = await begin(event);
    const keeps = text('to') === 'on';
    const outcome = await updateWorkspace(who, workspace.id, { keep_transcripts: keeps });
    return answer('transcripts', outcome, () =>
      keeps
        ? 'Transcripts are kept from now on.'
        : "New conversations aren't transcribed. Earlier transcripts stay until they're deleted.",
    );
  },

  invite: async (event) => {
    const { who, workspace, text } = await begin(event);
    const typed = { role: text('role'), email: text('email') };
    const outcome = await invite(who, workspace.id, { ...typed, hours: Number(text('hours')) });
    if (!outcome.ok) return actionFailure(outcome, { about: 'invite', typed });
    const link = `${event.url.origin}/invitations/${outcome.value.token}`;
    return {
      about: 'invite' as const,
      done: "Invitation created. Copy the link now: you won't see it again.",
      link,
    };
  },

  revoke: async (event) => {
    const { who, text } = await begin(event);
    return answer('invite', await revokeInvitation(who, text('id')), () => 'Invitation revoked.');
  },

  role: async (event) => {
    const { who, workspace, text } = await begin(event);
    const role = Role.safeParse(text('role'));
    if (!role.success) return actionFailure(failure(400, 'Select a role.'), { about: 'people' });
    const outcome = await setRole(who, workspace.id, text('user'), role.data);
    return answer('people', outcome, () => 'Role changed.');
  },

  remove: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await removeMember(who, workspace.id, text('user'));
    return answer('people', outcome, () => 'Member removed.');
  },

  transfer: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await transferOwnership(who, workspace.id, text('user'));
    return answer('people', outcome, () => "Ownership transferred. You're now an admin.");
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
    return answer('tags', outcome, (change) => describeTagChange('renamed', change));
  },

  removeTag: async (event) => {
    const { who, workspace, text } = await begin(event);
    const outcome = await removeTag(who, workspace.id, text('tag'));
    return answer('tags', outcome, (change) => describeTagChange('removed', change));
  },

  delete: async (event) => {
    const { who, workspace, text } = await begin(event);
    if (text('confirm') !== workspace.name) {
      const errors = { confirm: ['Enter the exact name of the workspace.'] };
      return actionFailure(invalidFields(errors, "The workspace wasn't deleted."), { about: 'end' });
    }
    const outcome = await deleteWorkspace(who, workspace.id);
    if (!outcome.ok) return answer('end', outcome, () => '');
    redirect(303, '/servers');
  },
};
