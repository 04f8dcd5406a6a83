/**
 * The live session with the voice model, as the rest of the worker sees it: tools handed over with the
 * model's acknowledgement, and lines told to it in the conversation.
 */
import { randomUUID } from 'node:crypto';
import type { llm, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { z } from 'zod';
import { canonicalJson } from '@patchbay/shared/canonical-json';
import type { PushResult } from './culprits.ts';
import type { ModelTool } from './tool-set.ts';

const ACKNOWLEDGE_WITHIN_MS = 5_000;

const Definition = z.object({
  name: z.string(),
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
});
type Definition = z.infer<typeof Definition>;
const SessionWithTools = z.object({ tools: z.array(Definition) });

const SentToolsUpdate = z.object({
  type: z.literal('session.update'),
  event_id: z.string().startsWith('tools_update_'),
  session: SessionWithTools,
});
const SessionUpdated = z.object({ type: z.literal('session.updated'), session: SessionWithTools });
const ErrorEvent = z.object({
  type: z.literal('error'),
  error: z.object({
    message: z.string(),
    event_id: z.string().nullish(),
    /** Such as `session.tools[3].name`. */
    param: z.string().nullish(),
  }),
});

export interface ModelSessionOptions {
  agent: voice.Agent;
  /** The plugin's session; it appears when the agent session starts. */
  realtimeSession: () => realtime.RealtimeSession;
  toFunctionTool: (tool: ModelTool) => llm.ToolContextEntry;
  acknowledgeWithinMs?: number;
}

export class ModelSession {
  readonly #options: Required<ModelSessionOptions>;

  constructor(options: ModelSessionOptions) {
    this.#options = { acknowledgeWithinMs: ACKNOWLEDGE_WITHIN_MS, ...options };
  }

  /**
   * Replaces the tools of the model, and waits until it says that its session holds them, or refuses them.
   * One at a time: the caller waits for the answer.
   */
  async pushTools(tools: readonly ModelTool[]): Promise<PushResult> {
    const session = this.#options.realtimeSession();
    const answer = awaitAnswer(session, this.#options.acknowledgeWithinMs);
    try {
      await this.#options.agent.updateTools(tools.map(this.#options.toFunctionTool));
      return await answer.result;
    } finally {
      answer.stop();
    }
  }

  /**
   * Puts one system line at the end of the conversation. Sent as it is: the plugin's own way replaces the
   * whole conversation by a copy, and would delete what was said in the meantime.
   */
  tell(line: string): void {
    this.#options.realtimeSession().sendEvent({
      type: 'conversation.item.create',
      event_id: `tell_${randomUUID()}`,
      item: {
        id: `tell_${randomUUID().replaceAll('-', '').slice(0, 24)}`,
        type: 'message',
        role: 'system',
        content: [{ type: 'input_text', text: line }],
      },
    });
  }

  async updateInstructions(instructions: string): Promise<void> {
    await this.#options.agent.updateInstructions(instructions);
  }
}

function awaitAnswer(session: realtime.RealtimeSession, withinMs: number) {
  const { promise, resolve } = Promise.withResolvers<PushResult>();
  const sentIds = new Set<string>();
  let sent: Definition[] | null = null;
  let namesMatched = false;

  const onSent = (event: unknown) => {
    const update = SentToolsUpdate.safeParse(event);
    if (!update.success) return;
    sentIds.add(update.data.event_id);
    sent = update.data.session.tools;
  };
  const onReceived = (event: unknown) => {
    const updated = SessionUpdated.safeParse(event);
    // `session.updated` need not echo the event id, so what it holds decides.
    if (updated.success && sent) {
      const held = updated.data.session.tools;
      if (canonicalJson(held) === canonicalJson(sent)) return resolve({ outcome: 'acknowledged' });
      namesMatched = namesOf(held) === namesOf(sent);
    }
    const failed = ErrorEvent.safeParse(event);
    if (failed.success && failed.data.error.event_id && sentIds.has(failed.data.error.event_id)) {
      const { message, param } = failed.data.error;
      resolve({ outcome: 'rejected', message, toolIndex: toolIndexOf(param) });
    }
  };
  // A model that writes the definitions back in another form still holds them.
  const timer = setTimeout(
    () => resolve({ outcome: namesMatched ? 'acknowledged' : 'unanswered' }),
    withinMs,
  );
  session.on('openai_client_event_queued', onSent);
  session.on('openai_server_event_received', onReceived);
  return {
    result: promise,
    stop: () => {
      clearTimeout(timer);
      session.off('openai_client_event_queued', onSent);
      session.off('openai_server_event_received', onReceived);
    },
  };
}

function namesOf(tools: readonly Definition[]): string {
  return tools.map(({ name }) => name).join();
}

function toolIndexOf(param: string | null | undefined): number | null {
  const match = /tools\[(\d+)\]/.exec(param ?? '');
  return match ? Number(match[1]) : null;
}
