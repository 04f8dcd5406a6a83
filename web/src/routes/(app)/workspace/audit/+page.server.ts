import { error } from '@sveltejs/kit';
import { replaceIdsByNames } from './audit-names.server.ts';
import { listAuditEvents } from '$lib/server/workspace/audit.ts';
import { listMembers } from '$lib/server/workspace/members.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { describeActor, describeEvent, SUBJECTS } from '$lib/workspace/audit-labels.ts';
import type { PageServerLoad } from './$types';

const PAGE = 50;

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  if (!workspace.canManage) {
    error(403, { message: 'Only owners and admins can see the audit trail.' });
  }
  const asked = (name: string) => event.url.searchParams.get(name) || null;
  const about = Object.hasOwn(SUBJECTS, asked('about') ?? '') ? asked('about') : null;
  const before = Number.isNaN(Date.parse(asked('before') ?? '')) ? null : asked('before');
  const members = await listMembers(who, workspace.id);
  const by = members.find(({ user_id }) => user_id === asked('by'))?.user_id ?? null;
  const found = await listAuditEvents(who, workspace.id, { about, by, before }, PAGE + 1);
  const shown = await replaceIdsByNames(who, found.slice(0, PAGE), members);
  const emails = Object.fromEntries(members.map(({ user_id, email }) => [user_id, email]));
  return {
    events: shown.map((one) => ({
      id: one.id,
      at: one.created_at,
      words: describeEvent(one),
      action: one.action,
      changes: one.changes,
      by: describeActor(one, emails),
      href: one.table_name === 'mcp_servers' && one.action !== 'delete' ? `/servers/${one.row_id}` : null,
    })),
    older: found.length > PAGE ? (shown.at(-1)?.created_at ?? null) : null,
    filter: { about, by },
    subjects: Object.entries(SUBJECTS),
    people: members.map(({ user_id: id, email }) => ({ id, email })),
  };
};
