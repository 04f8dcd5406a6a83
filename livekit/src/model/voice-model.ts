/**
 * The port for voice models. Tools, servers, calls and conversations reach a model only through it; each service has
 * an adapter in a folder of its own, which has to pass `testing/voice-model-contract.ts`.
 */
import type { llm, voice } from '@livekit/agents';
import type { ModelLimits } from '@patchbay/shared/contract/model-limits';
import type { UserTurnActivity } from '@patchbay/shared/contract/schema/activity';
import type { SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';

/** What of an agent's configuration concerns its model. */
export type AgentSettings = Pick<
  SessionSnapshot['agent'],
  'voice_model' | 'model' | 'reasoning_effort' | 'turn_detection' | 'turn_eagerness' | 'language'
>;

/** What is fixed for a model and differs between services. */
export interface VoiceModelTraits {
  /** How much its session accepts. */
  readonly limits: ModelLimits;
}

export type RejectionCause =
  /** The definition of one tool; `toolIndex` is its place, if the model names it. */
  | 'definition'
  | 'too_many_tools'
  | 'too_many_tokens'
  /** A fault of the service: it may accept the same set a moment later. */
  | 'temporary'
  /** The model names neither a tool nor a limit. */
  | 'unknown';

export interface Rejection {
  cause: RejectionCause;
  /** The model's own message. */
  message: string;
  /** The place in the pushed list that the model complains about, if it names one. */
  toolIndex: number | null;
}

export type Rejected = { outcome: 'rejected' } & Rejection;

export type PushResult =
  | { outcome: 'acknowledged' }
  | Rejected
  /** No answer within the time-out: the model may or may not have the set. */
  | { outcome: 'unanswered' };

/** A late result on its way to the user. */
export interface Delivery {
  /** The model's reply to the result. */
  speech: voice.SpeechHandle;
  /** Takes the result out of the conversation, so that it can be delivered again. */
  withdraw: () => void;
}

/** One model in one conversation. Everything but `agent`, `session` and `traits` needs a started session. */
export interface VoiceModel {
  readonly traits: VoiceModelTraits;
  /** The framework's session around the model, and the agent that it starts with; both made by the adapter. */
  readonly session: voice.AgentSession;
  readonly agent: voice.Agent;
  /** What the model has of the conversation, oldest item first. */
  readonly items: readonly llm.ChatItem[];

  /** How long after the user stopped the model's own answer may begin, in ms. */
  turnSettlesMs(): number;
  /** Applies the settings that may change in a live session: turn detection and language. */
  applySettings(agent: AgentSettings): void;
  /**
   * Replaces the instructions.
   * @returns 'rejected' when the model keeps the previous ones, now and after a reconnect
   */
  setInstructions(instructions: string): Promise<'now' | 'rejected'>;
  /** Replaces the tools and waits for the model's answer. One push at a time. */
  pushTools(tools: readonly llm.ToolContextEntry[]): Promise<PushResult>;

  /** Adds one system line at the end of the conversation. The model reads it and does not answer it. */
  notify(line: string): void;
  /**
   * Has the agent say a sentence when it is its turn to speak, in the user's language. The model does not remember it.
   * @throws Error when the session has ended
   */
  say(sentence: string): voice.SpeechHandle;
  /** Interrupts the agent and has it answer what the user typed. */
  sendText(text: string): void;

  /**
   * Continues a call in the background: its tool returns without an output.
   * @param notice what the model has to know about it; null for nothing
   */
  toBackground(callId: string, notice: string | null): void;
  /** Adds the output of a background call in the place of the call, without a reply. */
  closeCall(callId: string, output: string): void;
  /** Adds the output of a background call at the end of the conversation, and asks for a reply to it. */
  deliver(callId: string, output: string): Delivery;
  /**
   * Waits for the user's first turn after a call.
   * @param listener gets its words, before the model answers them; empty when there are none
   * @returns stops waiting
   */
  userTurnAfter(callId: string, listener: (words: string) => void): () => void;

  /** Announces turns of the user as they begin, before their words are known. */
  announceUserTurns(announce: (activity: UserTurnActivity) => void): void;
  /** Removes items from the model's side of the conversation. */
  forget(itemIds: readonly string[]): void;
}
