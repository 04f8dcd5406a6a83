import { describeEnd } from '@patchbay/shared/contract/end-reason';
import { listConversations } from './conversations.server.ts';
import { signedIn } from '$lib/server/auth/session.ts';
import type { PageServerLoad } from './$types';

const PAGE = 30;

export const load: PageServerLoad = async (event) => {
  const who = signedIn(event);
  const { workspace } = await event.parent();
  event.depends('patchbay:conversations');
  const asked = event.url.searchParams.get('before');
  const before = asked && !Number.isNaN(Date.parse(asked)) ? asked : null;
  // One more than shown, to know whether there are older ones.
  const found = await listConversations(who, workspace.id, { before, limit: PAGE + 1 });
  const shown = found.slice(0, PAGE);
  return {
    conversations: shown.map((row) => ({
      id: row.id,
      isRunning: row.state !== 'ended',
      startedAt: row.started_at,
      endedAt: row.ended_at,
      end: row.state === 'ended' ? (describeEnd(row.end_reason)?.title ?? null) : null,
      agent: row.agent_configs?.name ?? null,
      calls: row.tool_calls[0]?.count ?? 0,
      firstLine: row.voice_transcripts[0]?.text ?? null,
    })),
    older: found.length > PAGE ? (shown.at(-1)?.started_at ?? null) : null,
    isFirstPage: before === null,
  };
};
