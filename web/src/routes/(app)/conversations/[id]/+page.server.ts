import { describeEnd } from '@patchbay/shared/contract/end-reason';
import { error, redirect } from '@sveltejs/kit';
import { actionFailure } from '$lib/server/action-failure.ts';
import {
  deleteConversation,
  endConversation,
  listLines,
  listSessionCalls,
  readConversation,
} from '../conversations.server.ts';
import { listServers } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  event.depends('patchbay:conversation');
  const conversation = await readConversation(who, event.params.id);
  if (!conversation) {
    error(404, { message: 'Conversation not found.', hint: 'It may have been deleted.' });
  }
  const [lines, calls, servers] = await Promise.all([
    listLines(who, conversation.id),
    listSessionCalls(who, conversation.id),
    listServers(who, conversation.workspace_id),
  ]);
  return {
    conversation: {
      id: conversation.id,
      isRunning: conversation.state !== 'ended',
      startedAt: conversation.started_at,
      endedAt: conversation.ended_at,
      agent: conversation.agent_configs?.name ?? null,
      end: conversation.state === 'ended' ? describeEnd(conversation.end_reason) : null,
    },
    lines,
    calls,
    serverNames: Object.fromEntries(servers.map(({ id, name }) => [id, name])),
  };
};

export const actions: Actions = {
  end: async (event) => {
    const outcome = await endConversation(signedIn(event), event.params.id);
    if (!outcome.ok) return actionFailure(outcome);
  },
  delete: async (event) => {
    const deleted = await deleteConversation(signedIn(event), event.params.id);
    if (!deleted.ok) return actionFailure(deleted);
    redirect(303, '/conversations');
  },
};
