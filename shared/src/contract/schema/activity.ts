import { z } from 'zod';
import { ANSWER_FAILURES } from '../answer-failure.ts';
import { END_REASONS } from '../end-reason.ts';
import { ERROR_CODES } from '../errors.ts';
import { ToolCallOutcome } from './session.ts';

/** The RPC that the agent answers for the user of the conversation; the payload is the id of a call. */
export const CALL_DETAILS_METHOD = 'patchbay.call_details';

/** Its answer as JSON; null for a call that is unknown, unfinished, or too long ago. Arguments are redacted. */
export const CallDetails = z.object({
  arguments: z.unknown(),
  result: z.string(),
  /** Something in the result is for the user only: the agent does not speak of it. */
  for_user: z.literal(true).optional(),
});
export type CallDetails = z.infer<typeof CallDetails>;

/** The states of one connection, as its machine names them. */
export const ConnectionStateName = z.enum([
  'connecting',
  'discovering',
  'ready',
  'waiting',
  'needs_credentials',
  'closed',
]);
export type ConnectionStateName = z.infer<typeof ConnectionStateName>;

/** `limit`: it does not fit into the model; `refused`: it does not accept the definition of this one; `role`: the user may not use it. */
const LEFT_OUT_REASONS = ['limit', 'refused', 'role'] as const;
export const LeftOutReason = z.enum(LEFT_OUT_REASONS);
export type LeftOutReason = z.infer<typeof LeftOutReason>;

/** A tool that is switched on, and still not given to the model; `message` is the model's own word on it. */
export const LeftOut = z.object({
  server: z.string(),
  tool: z.string(),
  reason: LeftOutReason,
  message: z.string().optional(),
});
export type LeftOut = z.infer<typeof LeftOut>;

/** What one server's tools take of the model, in estimated tokens; `left_out` are those that do not fit. */
export const ServerToolsSize = z.object({
  server_id: z.string(),
  tools: z.int(),
  tokens: z.int(),
  left_out: z.int(),
  left_out_tokens: z.int(),
});
export type ServerToolsSize = z.infer<typeof ServerToolsSize>;

/** How many tools and estimated tokens of tools the model takes beside its instructions, and who takes them. */
export const ToolsBudget = z.object({
  tools: z.int(),
  tokens: z.int(),
  servers: z.array(ServerToolsSize),
});
export type ToolsBudget = z.infer<typeof ToolsBudget>;

/**
 * The live model's tools were swapped; `acknowledged` is false as long as the model has not said that it
 * holds them. Names are the model's, `left_out` speaks of servers and tools as people know them.
 */
export const ToolsActivity = z.object({
  type: z.literal('tools'),
  names: z.array(z.string()),
  reason: z.string(),
  acknowledged: z.boolean(),
  left_out: z.array(LeftOut).optional(),
  budget: ToolsBudget.optional(),
});
export type ToolsActivity = z.infer<typeof ToolsActivity>;

/** A call of a tool began or came to an end; `name` is the name that the model knows. */
const ToolCallActivity = z.object({
  type: z.literal('tool_call'),
  id: z.string(),
  name: z.string(),
  phase: z.enum(['started', 'finished', 'failed', 'cancelled']),
  outcome: ToolCallOutcome.optional(),
  duration_ms: z.number().optional(),
  /** Why it was not carried out. */
  error_code: z.enum(ERROR_CODES).optional(),
});

/** The longest message about progress that is passed on, in characters. */
export const LONGEST_PROGRESS_MESSAGE = 200;

/** What a server tells of a call that is under way; `id` is that of the call. The message is the server's own. */
export const ToolProgressActivity = z.object({
  type: z.literal('tool_progress'),
  id: z.string(),
  progress: z.number(),
  total: z.number().optional(),
  message: z.string().max(LONGEST_PROGRESS_MESSAGE).optional(),
});
export type ToolProgressActivity = z.infer<typeof ToolProgressActivity>;

/** The conversation's own connection to a server changed its state. */
const ServerActivity = z.object({
  type: z.literal('server'),
  server_id: z.string(),
  name: z.string(),
  state: ConnectionStateName,
});

/** The agent ends the conversation, and leaves the room. */
const EndedActivity = z.object({ type: z.literal('ended'), reason: z.enum(END_REASONS) });

/** A turn of the user stays without an answer. */
const UnansweredActivity = z.object({
  type: z.literal('unanswered'),
  reason: z.enum(ANSWER_FAILURES),
});

/** The agent's connection to its voice model was lost, or is back. */
const ModelActivity = z.object({
  type: z.literal('model'),
  state: z.enum(['reconnecting', 'connected']),
});

/**
 * The user began to speak; what was said comes as a caption, which may be later than the answer's. `unheard`: no words
 * will come of this turn.
 */
export const UserTurnActivity = z.object({
  type: z.literal('user_turn'),
  id: z.string(),
  phase: z.enum(['started', 'unheard']),
});
export type UserTurnActivity = z.infer<typeof UserTurnActivity>;

/** The user is idle: the agent ends the conversation soon, unless they speak or type. */
const IdleActivity = z.object({ type: z.literal('idle'), ends_in_ms: z.number().positive() });

/** The conversation has lasted almost as long as it may: the agent ends it in a while, whatever the user does. */
const TimeLimitActivity = z.object({
  type: z.literal('time_limit'),
  ends_in_ms: z.number().positive(),
});

/** One message on `patchbay.activity`. */
export const Activity = z.discriminatedUnion('type', [
  ToolsActivity,
  ToolCallActivity,
  ToolProgressActivity,
  ServerActivity,
  EndedActivity,
  UnansweredActivity,
  ModelActivity,
  IdleActivity,
  TimeLimitActivity,
  UserTurnActivity,
]);
export type Activity = z.infer<typeof Activity>;
