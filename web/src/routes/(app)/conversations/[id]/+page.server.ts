import { describeEnd } from '@patchbay/shared/contract/end-reason';
import { error, fail, redirect } from '@sveltejs/kit';
import {
  deleteConversation,
  endConversation,
  listLines,
  listSessionCalls,
  readConversation,
} from '../conversations.server.ts';
import { problemWords } from '$lib/server/database.ts';
import { listServers } from '$lib/server/servers/servers.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  event.depends('patchbay:conversation');
  const conversation = await readConversation(who, event.params.id);
  if (!conversation) {
    error(404, { message: 'This conversation is not there.', hint: 'It may have been deleted.' });
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
    if (!outcome.ok) return fail(outcome.status, { message: outcome.message });
  },
  delete: async (event) => {
    const problem = await deleteConversation(signedIn(event), event.params.id);
    if (problem === 'conflict') {
      return fail(409, { message: 'A conversation that runs cannot be deleted: end it first.' });
    }
    if (problem) return fail(400, { message: problemWords(problem) });
    redirect(303, '/conversations');
  },
};
