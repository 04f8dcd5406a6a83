import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { llm, voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { modelLimits } from '@patchbay/shared/contract/model-limits';
import type { UserTurnActivity } from '@patchbay/shared/contract/schema/activity';
import { memoryOf } from '../history.ts';
import type { ModelWatcher } from '../model-failure.ts';
import type { AgentSettings, Delivery, PushResult, VoiceModel, VoiceModelTraits } from '../voice-model.ts';
import { changeListening } from '../workarounds/listening.ts';
import { createPatchedModel, watchModel } from '../workarounds/patched-model.ts';
import { BackgroundCalls } from './background-calls.ts';
import {
  type Deployment,
  type Listening,
  fixedSettings,
  listeningSettings,
  turnSettlesMs,
} from './model-settings.ts';
import { say } from './say.ts';
import { SessionUpdates } from './session-updates.ts';
import { announceUserTurns } from './user-turns.ts';

/** Enough for a chain of five calls with something to spare; the framework's own limit is three. */
const MAX_TOOL_STEPS = 8;

export interface OpenAIRealtimeOptions {
  deployment: Deployment;
  /** Its model, voice and reasoning effort stay for the length of the conversation; the API has no temperature. */
  agent: AgentSettings;
  instructions: string;
  watcher: ModelWatcher;
  modalities?: ['text'];
  /** How long the model may take to acknowledge an update, in ms. */
  acknowledgeWithinMs?: number;
}

export class OpenAIRealtime implements VoiceModel {
  readonly traits: VoiceModelTraits;
  readonly agent: voice.Agent;
  readonly session: voice.AgentSession;
  readonly #deployment: Deployment;
  readonly #updates: SessionUpdates;
  readonly #background: BackgroundCalls;
  #live: realtime.RealtimeSession | null = null;
  #listening: Listening;
  #turnSettlesMs: number;

  constructor(options: OpenAIRealtimeOptions) {
    const { deployment, agent, instructions, watcher, modalities, acknowledgeWithinMs } = options;
    const settings = fixedSettings(deployment, agent);
    this.traits = { limits: modelLimits(settings.model) };
    this.#deployment = deployment;
    this.#listening = listeningSettings(deployment, agent);
    this.#turnSettlesMs = turnSettlesMs(agent);
    const model = createPatchedModel(
      {
        apiKey: deployment.OPENAI_API_KEY,
        baseURL: deployment.OPENAI_BASE_URL,
        ...settings,
        ...this.#listening,
        ...(modalities && { modalities }),
      },
      (session) => {
        this.#live = session;
        watchModel(session, watcher);
      },
    );
    // The plugin leaves function tools alone that it was not started with: they are pushed later.
    this.agent = new voice.Agent({ instructions });
    this.session = createAgentSession(model);
    this.#updates = new SessionUpdates({
      agent: this.agent,
      live: () => this.live,
      instructions,
      ...(acknowledgeWithinMs !== undefined && { acknowledgeWithinMs }),
    });
    this.#background = new BackgroundCalls(this.session, () => this.live);
  }

  /** The plugin's session; there is one from the start of the agent session on. */
  get live(): realtime.RealtimeSession {
    if (!this.#live) throw new Error('The agent session has not started.');
    return this.#live;
  }

  get items(): readonly llm.ChatItem[] {
    return this.live.chatCtx.items;
  }

  turnSettlesMs(): number {
    return this.#turnSettlesMs;
  }

  applySettings(agent: AgentSettings): void {
    this.#turnSettlesMs = turnSettlesMs(agent);
    const wanted = listeningSettings(this.#deployment, agent);
    if (isDeepStrictEqual(wanted, this.#listening)) return;
    this.#listening = wanted;
    if (this.#live) changeListening(this.#live, wanted);
  }

  setInstructions(instructions: string): Promise<'now' | 'rejected'> {
    return this.#updates.setInstructions(instructions);
  }

  pushTools(tools: readonly llm.ToolContextEntry[]): Promise<PushResult> {
    return this.#updates.pushTools(tools);
  }

  /**
   * Sent as it is: the plugin replaces the whole conversation by a copy, which deletes what is said meanwhile. The
   * framework has to remember it too, or deletes it when the user interrupts words that nobody has heard yet.
   */
  notify(line: string): void {
    const id = `notice_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
    memoryOf(this.agent).insert(llm.ChatMessage.create({ id, role: 'system', content: line }));
    this.live.sendEvent({
      type: 'conversation.item.create',
      event_id: `notice_${randomUUID()}`,
      item: { id, type: 'message', role: 'system', content: [{ type: 'input_text', text: line }] },
    });
  }

  say(sentence: string): voice.SpeechHandle {
    return say(this.session, sentence);
  }

  sendText(text: string): void {
    this.session.interrupt();
    this.session.generateReply({ userInput: text });
  }

  /** The call stays open in the conversation: the model waits for its output. */
  toBackground(_callId: string, notice: string | null): void {
    if (notice !== null) this.notify(notice);
  }

  closeCall(callId: string, output: string): void {
    this.#background.close(callId, output);
  }

  deliver(callId: string, output: string): Delivery {
    return this.#background.deliver(callId, output);
  }

  userTurnAfter(callId: string, listener: (words: string) => void): () => void {
    return this.#background.userTurnAfter(callId, listener);
  }

  announceUserTurns(announce: (activity: UserTurnActivity) => void): void {
    announceUserTurns(this.live, announce);
  }

  /** Sent as it is: the plugin's own way would delete what is said meanwhile. */
  forget(itemIds: readonly string[]): void {
    for (const id of itemIds) this.live.sendEvent({ type: 'conversation.item.delete', item_id: id });
  }
}

/** The agent session around a realtime model, which detects the end of a turn itself. */
export function createAgentSession(model: realtime.RealtimeModel): voice.AgentSession {
  const session = new voice.AgentSession({
    llm: model,
    vad: null,
    turnHandling: { turnDetection: null },
    userAwayTimeout: null,
    maxToolSteps: MAX_TOOL_STEPS,
  });
  // The watcher is notified of errors. Without a listener the framework throws them, with the API key in their context.
  session.on(voice.AgentSessionEventTypes.Error, () => {});
  return session;
}
