import { actionFailure } from '$lib/server/action-failure.ts';
import { noticeWebhook } from '$lib/server/edge-functions.ts';
import { listNotices, markRead } from '$lib/server/notices.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import { deleteWebhook, listDeliveries, readWebhook } from './webhook.server.ts';
import { currentWorkspace } from '$lib/server/workspace/workspaces.ts';
import type { Actions, PageServerLoad } from './$types';

const SHOWN_NOTICES = 100;
const SHOWN_DELIVERIES = 10;

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  event.depends('patchbay:notices');
  const { workspace } = await event.parent();
  const [notices, webhook] = await Promise.all([
    listNotices(who, workspace.id, SHOWN_NOTICES),
    readWebhook(who, workspace.id),
  ]);
  const deliveries = webhook ? await listDeliveries(who, webhook.id, SHOWN_DELIVERIES) : [];
  const mayManage = workspace.role === 'owner' || workspace.role === 'admin';
  return { notices, webhook, deliveries, mayManage };
};

export const actions: Actions = {
  read: async (event) => {
    const who = signedIn(event);
    const workspace = await currentWorkspace(who, event.cookies);
    const form = await event.request.formData();
    await markRead(who, workspace.id, form.getAll('id').map(String));
  },

  webhook: async (event) => {
    const who = signedIn(event);
    const workspace = await currentWorkspace(who, event.cookies);
    const form = await event.request.formData();
    const url = String(form.get('url') ?? '').trim();
    const body = { workspace_id: workspace.id, url, new_secret: form.get('new_secret') === 'on' };
    const answer = await noticeWebhook(who, body);
    if (answer.ok) return { secret: answer.value.secret, done: 'Webhook saved.' };
    const problem = answer.fieldErrors?.url?.[0];
    return actionFailure({ ...answer, message: problem ? '' : answer.message }, { url, problem });
  },

  test: async (event) => {
    const who = signedIn(event);
    const workspace = await currentWorkspace(who, event.cookies);
    const answer = await noticeWebhook(who, { workspace_id: workspace.id, test: true });
    if (!answer.ok) return actionFailure(answer);
    return { done: 'Test message sent.' };
  },

  remove: async (event) => {
    const who = signedIn(event);
    const workspace = await currentWorkspace(who, event.cookies);
    const deleted = await deleteWebhook(who, workspace.id);
    if (!deleted.ok) return actionFailure(deleted);
    return { done: 'Webhook removed.' };
  },
};
