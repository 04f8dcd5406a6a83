/** The private parts of the plugin's RealtimeSession (1.9.0) that are patched. Check a new version against this list. */
import type { llm } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import type { WebSocket } from 'ws';
import type { ModelFailure, ModelWatcher } from '../model-failure.ts';
import { ModelOutage } from '../openai-realtime/model-outage.ts';
import type { Listening } from '../openai-realtime/model-settings.ts';

export type ClientEvent = realtime.ClientEvent;

export interface EventQueue {
  items: ClientEvent[];
  get(): Promise<ClientEvent>;
  put(event: ClientEvent): Promise<void>;
}

export interface SessionInternals {
  _options: {
    baseURL: string;
    model: string;
    apiKey?: string;
    connOptions: { timeoutMs: number };
  } & Partial<Listening>;
  messageChannel: EventQueue;
  /** The conversation that the model is known to have. */
  remoteChatCtx: llm.RemoteChatContext;
  readonly chatCtx: llm.ChatContext;
  /** The response that is being received; the plugin has one at a time. */
  currentGeneration: unknown;
  sendEvent: (event: ClientEvent) => void;
  interrupt: () => Promise<void>;
  truncate: (options: { messageId: string; audioEndMs: number }) => Promise<void>;
  closeCurrentGeneration: (reason?: string) => void;
  on(event: 'openai_client_event_queued', listener: (event: ClientEvent) => void): this;
  on(event: 'openai_server_event_received', listener: (event: realtime.ServerEvent) => void): this;
  on(event: 'session_reconnected', listener: () => void): this;
  off(event: 'openai_client_event_queued', listener: (event: ClientEvent) => void): this;
  emit: (event: string, ...args: unknown[]) => boolean;
  emitError(report: { error: Error; recoverable: boolean }): void;
  createWsConn: () => Promise<WebSocket>;
  runWs: (socket: WebSocket) => Promise<void>;
  createSessionUpdateEvent: () => realtime.SessionUpdateEvent;
  createChatCtxUpdateEvents: (context: llm.ChatContext, addMockAudio?: boolean) => Promise<ClientEvent[]>;
  handleResponseOutputItemDone: (event: realtime.ResponseOutputItemDoneEvent) => void;
  handleConversationItemCreated: (event: realtime.ConversationItemCreatedEvent) => void;
  handleInputAudioBufferSpeechStarted: (event: realtime.InputAudioBufferSpeechStartedEvent) => void;
  handleResponseCreated: (event: realtime.ResponseCreatedEvent) => void;
  handleResponseDone: (event: realtime.ResponseDoneEvent) => void;
  handleError: (event: realtime.ErrorEvent) => void;
  close: () => Promise<void>;
}

export type SessionPrototype = SessionInternals;

export type Workaround = (prototype: SessionPrototype) => void;

/** The model or the connection to it failed. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly failure: ModelFailure;

  constructor(failure: ModelFailure) {
    super(`The voice model failed: ${failure.kind}`);
    this.failure = failure;
  }
}

interface WorkaroundState {
  /** Aborted when the session was closed or has failed for good. */
  end: AbortController;
  socket: WebSocket | null;
  outage: ModelOutage;
  /** Why the last connection ended; null before the first one. */
  disconnected: ModelFailure | null;
  watcher: ModelWatcher | null;
}

// The plugin dials in its constructor, before a subclass could initialize fields.
const states = new WeakMap<SessionInternals, WorkaroundState>();

/** What the workarounds store for a session. */
export function stateOf(session: SessionInternals): WorkaroundState {
  let state = states.get(session);
  if (!state) {
    const end = new AbortController();
    const outage = new ModelOutage();
    states.set(session, (state = { end, socket: null, outage, disconnected: null, watcher: null }));
  }
  return state;
}

/** Ends the session for a lasting failure: the agent session closes, and with it the conversation. */
export function endSession(session: SessionInternals, failure: ModelFailure): void {
  const { end, watcher } = stateOf(session);
  if (end.signal.aborted) return;
  end.abort();
  watcher?.onFatal(failure);
  session.emitError({ error: new ModelError(failure), recoverable: false });
}
