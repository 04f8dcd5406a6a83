import { CredentialText, type DiscoverToolsAnswer } from '@patchbay/shared/contract/schema/functions';
import { AuthMethod, type McpServerRow } from '@patchbay/shared/contract/schema/server';
import { ToolCallOutcome } from '@patchbay/shared/contract/schema/session';
import { ToolAccess } from '@patchbay/shared/contract/schema/tool';
import { error, fail, type RequestEvent } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import { listAuditEvents } from '$lib/server/workspace/audit.ts';
import { NOT_FOUND } from '$lib/server/database.ts';
import { discoverTools, storeCredential } from '$lib/server/edge-functions.ts';
import type { Result } from '$lib/server/result.ts';
import { readHistory } from './history.server.ts';
import { listMembers } from '$lib/server/workspace/members.ts';
import { readServer } from '$lib/server/servers/servers.ts';
import { signedIn, type SignedIn } from '$lib/server/auth/session.ts';
import { changeTool, listCalls, listChecks, listTools, withModelView } from '$lib/server/servers/tools.ts';
import type { Actions, PageServerLoad } from './$types';

const SHOWN_CHECKS = 30;
const SHOWN_CALLS = 12;
const SHOWN_INCIDENTS = 5;
const SHOWN_CHANGES = 10;

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { id } = event.params;
  event.depends(`patchbay:server:${id}`);
  const { workspace } = await event.parent();
  const maySeeTrail = workspace.role === 'owner' || workspace.role === 'admin';
  const trail = { about: null, by: null, before: null, row: id };
  const asked = event.url.searchParams;
  const before = asked.get('before');
  const wanted = {
    outcome: ToolCallOutcome.safeParse(asked.get('calls')).data ?? null,
    before: before && !Number.isNaN(Date.parse(before)) ? before : null,
  };
  const [server, tools, checks, calls, history, changes, members] = await Promise.all([
    readServer(who, id),
    listTools(who, id),
    listChecks(who, id, SHOWN_CHECKS),
    // One more than shown, to know whether there are older ones.
    listCalls(who, id, wanted, SHOWN_CALLS + 1),
    readHistory(who, id, SHOWN_INCIDENTS),
    maySeeTrail ? listAuditEvents(who, workspace.id, trail, SHOWN_CHANGES) : null,
    maySeeTrail ? listMembers(who, workspace.id) : [],
  ]);
  if (!server) error(404, { message: 'Server not found.', hint: 'It may have been deleted.' });
  const people = Object.fromEntries(members.map((member) => [member.user_id, member.email]));
  const keyHolder = server.credential_held_since && (await holderOf(who, server, people));
  return {
    server,
    tools: await withModelView(tools, server.slug),
    checks,
    calls: { ...wanted, shown: calls.slice(0, SHOWN_CALLS), hasOlder: calls.length > SHOWN_CALLS },
    history,
    changes,
    people,
    keyHolder: keyHolder || '',
  };
};

/** Email address of the user who entered the workspace's key; empty if unknown. */
async function holderOf(
  who: SignedIn,
  { workspace_id, credential_holder_id: id }: McpServerRow,
  people: Record<string, string>,
): Promise<string> {
  if (id === null) return '';
  if (people[id]) return people[id];
  return (await listMembers(who, workspace_id)).find(({ user_id }) => user_id === id)?.email ?? '';
}

export const actions: Actions = {
  discover: async (event) => {
    const discovery = await discover(event);
    return discovery.ok ? { found: discovery.value } : actionFailure(discovery);
  },

  /** Sets the user's own key, if each member has one, and connects with it. */
  key: async (event) => {
    const form = await event.request.formData();
    const credential = CredentialText.safeParse(form.get('credential') ?? '');
    if (!credential.success)
      return fail(400, { keyErrors: credential.error.issues.map((issue) => issue.message) });
    const answer = await storeCredential(signedIn(event), {
      server_id: event.params.id,
      credential: credential.data,
      url: String(form.get('url')),
      auth_method: AuthMethod.safeParse(form.get('auth_method')).data,
    });
    if (!answer.ok) return fail(answer.status, { keyErrors: [answer.message] });
    return afterKey(await discover(event));
  },

  /** Confirms the new address for the workspace's key, as its holder saw it. */
  confirmAddress: async (event) => {
    const confirmed_url = String((await event.request.formData()).get('url'));
    const answer = await storeCredential(signedIn(event), { server_id: event.params.id, confirmed_url });
    if (!answer.ok) return fail(answer.status, { keyErrors: [answer.message] });
    return afterKey(await discover(event));
  },

  removeKey: async (event) => {
    const answer = await storeCredential(signedIn(event), { server_id: event.params.id, credential: null });
    if (!answer.ok) return fail(answer.status, { keyErrors: [answer.message] });
    return {};
  },

  tool: async (event) => {
    const form = await event.request.formData();
    return change(event, form, { is_enabled: form.get('to') === 'on' });
  },

  pin: async (event) => {
    const form = await event.request.formData();
    return change(event, form, { is_pinned: form.get('to') === 'on' });
  },

  access: async (event) => {
    const form = await event.request.formData();
    return change(event, form, { access: ToolAccess.safeParse(form.get('access')).data ?? null });
  },

  /** How long results may be cached; empty for no caching. */
  cache: async (event) => {
    const form = await event.request.formData();
    const seconds = Number(form.get('seconds'));
    return change(event, form, { cache_ttl_seconds: seconds > 0 ? Math.round(seconds) : null });
  },
};

interface Discovery extends Pick<DiscoverToolsAnswer, 'added' | 'changed' | 'removed'> {
  count: number;
}

async function discover(event: RequestEvent<{ id: string }>): Promise<Result<Discovery>> {
  const answer = await discoverTools(signedIn(event), { server_id: event.params.id });
  if (!answer.ok) return answer;
  const { added, changed, removed, tools } = answer.value;
  return { ok: true, value: { added, changed, removed, count: tools.length } };
}

/** The key is stored, so the action succeeds even if the server rejects it. */
function afterKey(discovery: Result<Discovery>) {
  if (discovery.ok) return { found: discovery.value };
  return { message: discovery.message, hint: discovery.hint };
}

async function change(
  event: Parameters<Actions[string]>[0],
  form: FormData,
  what: Parameters<typeof changeTool>[3],
) {
  const { id } = event.params;
  const changed = id ? await changeTool(signedIn(event), id, String(form.get('name')), what) : NOT_FOUND;
  if (!changed.ok) return actionFailure(changed);
}
