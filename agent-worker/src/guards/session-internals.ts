/**
 * The private parts of the plugin's RealtimeSession that the guards touch, as 1.9.0 has them. They are
 * reached through one cast, here; a new version of the plugin is checked against this list.
 */
import type { llm } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import type { WebSocket } from 'ws';

export type ClientEvent = realtime.ClientEvent;

/** The plugin's unbounded queue of events for the model. */
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
  };
  messageChannel: EventQueue;
  /** What the model is known to hold, item by item. */
  remoteChatCtx: llm.RemoteChatContext;
  readonly chatCtx: llm.ChatContext;
  on(event: 'openai_client_event_queued', listener: (event: ClientEvent) => void): this;
  off(event: 'openai_client_event_queued', listener: (event: ClientEvent) => void): this;
  emitError(report: { error: Error; recoverable: boolean }): void;
  createWsConn: () => Promise<WebSocket>;
  runWs: (socket: WebSocket) => Promise<void>;
  /** All settings of a session: sent at its start, and again after each reconnect. */
  createSessionUpdateEvent: () => realtime.SessionUpdateEvent;
  createChatCtxUpdateEvents: (context: llm.ChatContext, addMockAudio?: boolean) => Promise<ClientEvent[]>;
  handleResponseOutputItemDone: (event: realtime.ResponseOutputItemDoneEvent) => void;
  handleConversationItemCreated: (event: realtime.ConversationItemCreatedEvent) => void;
  handleResponseCreated: (event: realtime.ResponseCreatedEvent) => void;
  close: () => Promise<void>;
}

export type SessionPrototype = SessionInternals;

/** One repair of the session class; replaces methods on the prototype that it is given. */
export type Guard = (prototype: SessionPrototype) => void;

interface GuardedState {
  closed: boolean;
  socket: WebSocket | null;
  /** Monotonic time of the last successful dial. */
  openedAtMs: number | null;
}

// The plugin dials from its constructor, before a subclass could initialise fields of its own.
const states = new WeakMap<SessionInternals, GuardedState>();

/** What the guards remember of a session. */
export function stateOf(session: SessionInternals): GuardedState {
  let state = states.get(session);
  if (!state) states.set(session, (state = { closed: false, socket: null, openedAtMs: null }));
  return state;
}
