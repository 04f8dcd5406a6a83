/**
 * The live session with the voice model, as the rest of the worker sees it: tools handed over with the
 * model's acknowledgement, and lines told to it in the conversation.
 */
import { randomUUID } from 'node:crypto';
import { llm, type voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { z } from 'zod';
import type { PushResult } from '../tools/rejected-tools.ts';
import { memoryOf } from './history.ts';
import type { ModelTool } from '../tools/tool-set.ts';
import { ToolUpdates, type ToolsAnswer } from './tool-updates.ts';

const ACKNOWLEDGE_WITHIN_MS = 5_000;

const Instructions = z.object({ instructions: z.string() });
const InstructionsUpdate = z.object({
  type: z.literal('session.update'),
  event_id: z.string(),
  session: Instructions,
});
const InstructionsUpdated = z.object({ type: z.literal('session.updated'), session: Instructions });
const Rejected = z.object({ type: z.literal('error'), error: z.object({ event_id: z.string() }) });

export interface ModelSessionOptions {
  agent: voice.Agent;
  /** The plugin's session; it appears when the agent session starts. */
  realtimeSession: () => realtime.RealtimeSession;
  toFunctionTool: (tool: ModelTool) => llm.ToolContextEntry;
  acknowledgeWithinMs?: number;
}

export class ModelSession {
  readonly #options: Required<ModelSessionOptions>;
  readonly #updates = new ToolUpdates();
  #heard: realtime.RealtimeSession | null = null;
  /** The definitions that were sent last. */
  #sent: string | null = null;
  /** Whoever waits for the model's word on them. */
  #onAnswer: (answer: ToolsAnswer) => void = () => {};

  constructor(options: ModelSessionOptions) {
    this.#options = { acknowledgeWithinMs: ACKNOWLEDGE_WITHIN_MS, ...options };
  }

  /**
   * Replaces the tools of the model, and waits until it says that its session holds them, or refuses them.
   * One at a time: the caller waits for the answer.
   */
  async pushTools(tools: readonly ModelTool[]): Promise<PushResult> {
    this.#listen();
    const { promise, resolve } = Promise.withResolvers<PushResult>();
    this.#sent = null;
    this.#onAnswer = ({ definitions, ...answer }) => {
      // The answer to an earlier push of the same set counts too: what comes after it changes nothing.
      if (definitions === this.#sent) resolve(answer);
    };
    const timer = setTimeout(resolve, this.#options.acknowledgeWithinMs, { outcome: 'unanswered' });
    try {
      await this.#options.agent.updateTools(tools.map(this.#options.toFunctionTool));
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#onAnswer = () => {};
    }
  }

  /**
   * Puts one system line at the end of the conversation. Sent as it is: the plugin's own way replaces the
   * whole conversation by a copy, and would delete what was said in the meantime. Remembered by the framework too,
   * which deletes what it does not know when the user interrupts words that nobody has heard yet.
   */
  tell(line: string): void {
    const id = `tell_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    memoryOf(this.#options.agent).insert(llm.ChatMessage.create({ id, role: 'system', content: line }));
    this.#options.realtimeSession().sendEvent({
      type: 'conversation.item.create',
      event_id: `tell_${randomUUID()}`,
      item: {
        id,
        type: 'message',
        role: 'system',
        content: [{ type: 'input_text', text: line }],
      },
    });
  }

  /**
   * Replaces the instructions.
   * @returns false when the model rejected them: it keeps those of before, but the plugin doesn't, and would start
   * its next connection with what was rejected
   */
  async updateInstructions(instructions: string): Promise<boolean> {
    const session = this.#options.realtimeSession();
    const { promise: isAccepted, resolve } = Promise.withResolvers<boolean>();
    let eventId: string | undefined;
    const onSent = (event: unknown): void => {
      const sent = InstructionsUpdate.safeParse(event);
      if (sent.data?.session.instructions === instructions) eventId = sent.data.event_id;
    };
    const onReceived = (event: unknown): void => {
      const rejected = Rejected.safeParse(event);
      if (rejected.success && rejected.data.error.event_id === eventId) resolve(false);
      if (InstructionsUpdated.safeParse(event).data?.session.instructions === instructions) resolve(true);
    };
    session.on('openai_client_event_queued', onSent);
    session.on('openai_server_event_received', onReceived);
    const timer = setTimeout(resolve, this.#options.acknowledgeWithinMs, true);
    try {
      await this.#options.agent.updateInstructions(instructions);
      return await isAccepted;
    } finally {
      clearTimeout(timer);
      session.off('openai_client_event_queued', onSent);
      session.off('openai_server_event_received', onReceived);
    }
  }

  /** From the first push to the end of the session: answers may come long after a push was given up. */
  #listen(): void {
    const session = this.#options.realtimeSession();
    if (session === this.#heard) return;
    this.#heard = session;
    session.on('openai_client_event_queued', (event: unknown) => {
      this.#sent = this.#updates.sent(event) ?? this.#sent;
    });
    session.on('openai_server_event_received', (event: unknown) => {
      const answer = this.#updates.received(event);
      if (answer) this.#onAnswer(answer);
    });
  }
}
