import { randomUUID } from 'node:crypto';
import { type llm, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { LATE_RESULT_INSTRUCTIONS } from '../../calls/speech.ts';
import type { Delivery } from '../voice-model.ts';

type UserTurnListener = (turn: llm.ChatMessage) => void;

/** Outputs of calls that the framework no longer waits for, and what the user says after such calls. */
export class BackgroundCalls {
  readonly #session: voice.AgentSession;
  readonly #live: () => Pick<realtime.RealtimeSession, 'sendEvent' | 'chatCtx'>;
  readonly #listeners = new Set<UserTurnListener>();
  #lastTurn: llm.ChatMessage | null = null;

  constructor(
    session: voice.AgentSession,
    live: () => Pick<realtime.RealtimeSession, 'sendEvent' | 'chatCtx'>,
  ) {
    this.#session = session;
    this.#live = live;
    session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message' || item.role !== 'user') return;
      this.#lastTurn = item;
      for (const listener of this.#listeners) listener(item);
    });
  }

  close(callId: string, output: string): void {
    this.#addOutput(callId, output, this.#callItem(callId)?.id);
  }

  deliver(callId: string, output: string): Delivery {
    const itemId = this.#addOutput(callId, output);
    return {
      speech: this.#session.generateReply({ instructions: LATE_RESULT_INSTRUCTIONS, toolChoice: 'auto' }),
      withdraw: () => this.#live().sendEvent({ type: 'conversation.item.delete', item_id: itemId }),
    };
  }

  userTurnAfter(callId: string, listener: (words: string) => void): () => void {
    const stop = (): void => void this.#listeners.delete(onTurn);
    const onTurn: UserTurnListener = (turn) => {
      // The words of an earlier turn may be transcribed late.
      if (!this.#isAfterCall(turn.id, callId)) return;
      stop();
      listener(turn.textContent?.trim() ?? '');
    };
    this.#listeners.add(onTurn);
    if (this.#lastTurn) onTurn(this.#lastTurn);
    return stop;
  }

  /** Creates the one item: `updateChatCtx` would delete what was just said (docs/upstream/lost-items.md). */
  #addOutput(callId: string, output: string, after?: string): string {
    const id = `late_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    this.#live().sendEvent({
      type: 'conversation.item.create',
      event_id: id,
      ...(after && { previous_item_id: after }),
      item: { id, type: 'function_call_output', call_id: callId, output },
    });
    return id;
  }

  #callItem(callId: string): llm.ChatItem | undefined {
    const { items } = this.#live().chatCtx;
    return items.find((item) => item.type === 'function_call' && item.callId === callId);
  }

  #isAfterCall(itemId: string, callId: string): boolean {
    const ids = this.#live().chatCtx.items.map(({ id }) => id);
    return ids.indexOf(itemId) > ids.indexOf(this.#callItem(callId)?.id ?? '');
  }
}
