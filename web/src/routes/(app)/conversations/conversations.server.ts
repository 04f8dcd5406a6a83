import { ToolCallRow, TranscriptLine, VoiceSessionRow } from '@patchbay/shared/contract/schema/session';
import { z } from 'zod';
import { firstRow, rows, writtenRows } from '$lib/server/database.ts';
import { callProcedure } from '$lib/server/procedures.ts';
import { failure, type Result } from '$lib/server/result.ts';
import type { SignedIn } from '$lib/server/auth/session.ts';

const AgentName = z.object({ name: z.string() }).nullable();

const ListedConversation = VoiceSessionRow.pick({
  id: true,
  state: true,
  started_at: true,
  ended_at: true,
  end_reason: true,
}).extend({
  agent_configs: AgentName,
  tool_calls: z.array(z.object({ count: z.number() })),
  voice_transcripts: z.array(z.object({ text: z.string() })),
});
export type ListedConversation = z.infer<typeof ListedConversation>;

const Conversation = VoiceSessionRow.extend({ agent_configs: AgentName });
export type Conversation = z.infer<typeof Conversation>;

/**
 * Lists the user's conversations in a workspace, newest first, each with the first thing that the user said.
 * @param before only conversations that started earlier; null for the newest
 */
export function listConversations(
  who: SignedIn,
  workspaceId: string,
  { before, limit }: { before: string | null; limit: number },
): Promise<ListedConversation[]> {
  const query = who.supabase
    .from('voice_sessions')
    .select(
      'id, state, started_at, ended_at, end_reason, agent_configs(name), tool_calls(count), voice_transcripts(text)',
    )
    .eq('workspace_id', workspaceId)
    .eq('user_id', who.user.id)
    .eq('voice_transcripts.role', 'user')
    .order('said_at', { referencedTable: 'voice_transcripts' })
    .limit(1, { referencedTable: 'voice_transcripts' })
    .order('started_at', { ascending: false })
    .limit(limit);
  return rows(before === null ? query : query.lt('started_at', before), ListedConversation);
}

/** Reads one of the user's conversations; null if it is another user's or deleted. */
export function readConversation(who: SignedIn, id: string): Promise<Conversation | null> {
  if (!z.uuid().safeParse(id).success) return Promise.resolve(null);
  return firstRow(
    who.supabase
      .from('voice_sessions')
      .select([...Object.keys(VoiceSessionRow.shape), 'agent_configs(name)'].join(','))
      .eq('id', id)
      .eq('user_id', who.user.id),
    Conversation,
  );
}

export function listLines(who: SignedIn, sessionId: string): Promise<TranscriptLine[]> {
  return rows(
    who.supabase
      .from('voice_transcripts')
      .select(Object.keys(TranscriptLine.shape).join(','))
      .eq('session_id', sessionId)
      .order('said_at'),
    TranscriptLine,
  );
}

export function listSessionCalls(who: SignedIn, sessionId: string): Promise<ToolCallRow[]> {
  return rows(
    who.supabase
      .from('tool_calls')
      .select(Object.keys(ToolCallRow.shape).join(','))
      .eq('session_id', sessionId)
      .order('started_at'),
    ToolCallRow,
  );
}

/** Ends a running conversation; does nothing if it has ended. */
export function endConversation(who: SignedIn, id: string): Promise<Result<unknown>> {
  return callProcedure(who, 'end_conversation', { p_session_id: id }, z.unknown());
}

/** Deletes a conversation that has ended, with its transcript and calls. */
export async function deleteConversation(who: SignedIn, id: string): Promise<Result> {
  const answer = await who.supabase.from('voice_sessions').delete().eq('id', id).select('id');
  return writtenRows(answer, failure(409, 'End the conversation before you delete it.'));
}
