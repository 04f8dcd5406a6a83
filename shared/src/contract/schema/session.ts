import { z } from 'zod';
import { END_REASONS } from '../end-reason.ts';
import { describeError, ERROR_CODES, type ErrorCode } from '../errors.ts';
import { Timestamp } from './server.ts';

export const ToolCallOutcome = z.enum(['ok', 'tool_error', 'timeout', 'cancelled', 'unavailable', 'refused']);
export type ToolCallOutcome = z.infer<typeof ToolCallOutcome>;

/** What a call that ended with this error counts as. */
export function outcomeOf(code: ErrorCode): ToolCallOutcome {
  switch (code) {
    case 'timeout':
      return 'timeout';
    case 'cancelled':
      return 'cancelled';
    default:
      return describeError(code).about === 'tool' ? 'refused' : 'unavailable';
  }
}

/** A row of `voice_sessions`: one conversation. `ended` is final; any other state is a live one. */
export const VoiceSessionRow = z.object({
  id: z.string(),
  workspace_id: z.string(),
  user_id: z.string(),
  agent_config_id: z.string().nullable(),
  room_name: z.string(),
  state: z.string(),
  started_at: Timestamp.nullable(),
  ended_at: Timestamp.nullable(),
  /** Also of a session that waits for another agent: why the last one left. */
  end_reason: z.enum(END_REASONS).nullable().catch('error'),
});
export type VoiceSessionRow = z.infer<typeof VoiceSessionRow>;

/** A line of `voice_transcripts`: one turn of the user or the agent. */
export const TranscriptLine = z.object({
  id: z.string(),
  session_id: z.string(),
  role: z.enum(['user', 'agent']),
  text: z.string(),
  said_at: Timestamp,
});
export type TranscriptLine = z.infer<typeof TranscriptLine>;

/**
 * A row of `tool_calls`. Arguments are redacted; times in milliseconds, `result_bytes` is the answer's size.
 * Without a session it was made by hand, through `call-tool`.
 */
export const ToolCallRow = z.object({
  id: z.string(),
  session_id: z.string().nullable(),
  server_id: z.string().nullable(),
  tool_name: z.string(),
  arguments: z.unknown(),
  outcome: ToolCallOutcome,
  error_code: z.enum(ERROR_CODES).nullable().catch('internal'),
  started_at: Timestamp,
  queue_ms: z.number().nullable(),
  duration_ms: z.number().nullable(),
  result_bytes: z.number().nullable(),
});
export type ToolCallRow = z.infer<typeof ToolCallRow>;

/** A tool call of a conversation, for the record: its server is known. */
export type RecordedCall = ToolCallRow & { server_id: string };

/** How long the last calls of one tool took, the oldest first; in milliseconds. */
export const RecentCallTimes = z.object({
  server_id: z.uuid(),
  tool_name: z.string(),
  durations_ms: z.array(z.number()),
});
export type RecentCallTimes = z.infer<typeof RecentCallTimes>;
