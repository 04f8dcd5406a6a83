import type { llm, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { z } from 'zod';
import type { PushResult } from '../voice-model.ts';
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

export interface SessionUpdatesOptions {
  agent: voice.Agent;
  live: () => realtime.RealtimeSession;
  instructions: string;
  acknowledgeWithinMs?: number;
}

/** Updates of tools and instructions, each with the model's answer. */
export class SessionUpdates {
  readonly #options: Required<SessionUpdatesOptions>;
  readonly #toolUpdates = new ToolUpdates();
  #instructions: string;
  #listenedTo: realtime.RealtimeSession | null = null;
  #sent: string | null = null;
  #onAnswer: (answer: ToolsAnswer) => void = () => {};

  constructor(options: SessionUpdatesOptions) {
    this.#options = { acknowledgeWithinMs: ACKNOWLEDGE_WITHIN_MS, ...options };
    this.#instructions = options.instructions;
  }

  /** Replaces the tools and waits until the model acknowledges or rejects them. One push at a time. */
  async pushTools(tools: readonly llm.ToolContextEntry[]): Promise<PushResult> {
    this.#listen();
    const { promise, resolve } = Promise.withResolvers<PushResult>();
    this.#sent = null;
    this.#onAnswer = ({ definitions, ...answer }) => {
      // The answer to an earlier push of the same set counts too: nothing changes after it.
      if (definitions === this.#sent) resolve(answer);
    };
    const timer = setTimeout(resolve, this.#options.acknowledgeWithinMs, { outcome: 'unanswered' });
    try {
      await this.#options.agent.updateTools([...tools]);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#onAnswer = () => {};
    }
  }

  /**
   * Replaces the instructions; silence counts as consent. After a rejection the model keeps the previous ones but the
   * plugin does not, and would start its next connection with the rejected ones: the previous ones are sent again.
   */
  async setInstructions(instructions: string): Promise<'now' | 'rejected'> {
    if (!(await this.#update(instructions))) {
      await this.#update(this.#instructions);
      return 'rejected';
    }
    this.#instructions = instructions;
    return 'now';
  }

  async #update(instructions: string): Promise<boolean> {
    const session = this.#options.live();
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

  /** Listens from the first push to the end of the session: answers may come long after a push was given up. */
  #listen(): void {
    const session = this.#options.live();
    if (session === this.#listenedTo) return;
    this.#listenedTo = session;
    session.on('openai_client_event_queued', (event: unknown) => {
      this.#sent = this.#toolUpdates.sent(event) ?? this.#sent;
    });
    session.on('openai_server_event_received', (event: unknown) => {
      const answer = this.#toolUpdates.received(event);
      if (answer) this.#onAnswer(answer);
    });
  }
}
