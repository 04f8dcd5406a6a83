/**
 * Missing: out-of-band responses, which read nothing but their instructions and leave nothing in the conversation. They
 * may run beside the response to the user, but the plugin keeps one generation, whatever the `response_id` of an event.
 * Here each out-of-band response gets a generation of its own.
 * Source: https://platform.openai.com/docs/guides/realtime-conversations (responses outside the default conversation)
 * Upstream: docs/upstream/missing-options.md
 */
import type { llm } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import type { ClientEvent, Workaround, SessionInternals } from './session-internals.ts';

/** The longest time between two events of such a response, so that nothing waits for it forever. */
const NEXT_EVENT_WITHIN_MS = 10_000;

/** Cannot be typed or spoken; the response reads only what follows it. */
const MARK = '\u0001out-of-band\u0001';

/** The plugin's handlers of a response's events after `response.created`. */
const HANDLERS = [
  'handleResponseOutputItemAdded',
  'handleResponseContentPartAdded',
  'handleResponseContentPartDone',
  'handleResponseTextDelta',
  'handleResponseTextDone',
  'handleResponseAudioTranscriptDelta',
  'handleResponseAudioDelta',
  'handleResponseAudioTranscriptDone',
  'handleResponseAudioDone',
  'handleResponseOutputItemDone',
  'handleResponseDone',
] as const;

interface ResponseEvent {
  response_id?: string;
  response?: { id: string };
  item?: { id?: string };
}
type Handlers = Record<(typeof HANDLERS)[number], (event: ResponseEvent) => void>;

interface OutOfBand {
  requests: Set<string>;
  generations: Map<string, unknown>;
  timers: Map<string, NodeJS.Timeout>;
  /** Ids of responses that were given up; their events are kept from the plugin. */
  abandoned: Set<string>;
  items: Set<string>;
}

const states = new WeakMap<SessionInternals, OutOfBand>();

function stateOf(session: SessionInternals): OutOfBand {
  const state = states.get(session) ?? {
    requests: new Set(),
    generations: new Map(),
    timers: new Map(),
    abandoned: new Set(),
    items: new Set(),
  };
  states.set(session, state);
  return state;
}

/** Instructions for `generateReply` that ask for an out-of-band response with audio, no input and no tools. */
export function outOfBand(instructions: string): string {
  return MARK + instructions;
}

/** Whether a sent request is for an out-of-band response, which does not answer the user. */
export function isOutOfBand({ response }: Pick<realtime.ResponseCreateEvent, 'response'>): boolean {
  return response !== undefined && 'conversation' in response && response.conversation === 'none';
}

export const outOfBandWorkaround: Workaround = (prototype) => {
  const { sendEvent, handleResponseCreated, interrupt, truncate } = prototype;
  const { closeCurrentGeneration, createChatCtxUpdateEvents } = prototype;

  prototype.sendEvent = function (this: SessionInternals, event) {
    const request = requestOf(event);
    if (request?.eventId) stateOf(this).requests.add(request.eventId);
    sendEvent.call(this, request?.event ?? event);
  };

  prototype.handleResponseCreated = function (this: SessionInternals, event) {
    const { requests, generations } = stateOf(this);
    const { id, metadata } = event.response;
    if (!requests.delete(metadata?.client_event_id ?? '')) return handleResponseCreated.call(this, event);
    generations.set(id, undefined);
    withGeneration(this, id, () => handleResponseCreated.call(this, event));
    awaitNext(this, id);
  };

  const handlers = prototype as unknown as Handlers;
  for (const name of HANDLERS) {
    const handle = handlers[name];
    handlers[name] = function (this: SessionInternals, event: ResponseEvent) {
      const { abandoned, generations, items } = stateOf(this);
      const id = event.response_id ?? event.response?.id ?? '';
      if (abandoned.has(id)) return;
      if (!generations.has(id)) return handle.call(this, event);
      if (name === 'handleResponseOutputItemAdded' && event.item?.id) items.add(event.item.id);
      withGeneration(this, id, () => handle.call(this, event));
      awaitNext(this, id);
    };
  }

  function awaitNext(session: SessionInternals, id: string): void {
    const { abandoned, generations, timers } = stateOf(session);
    clearTimeout(timers.get(id));
    timers.delete(id);
    if (!generations.has(id)) return;
    const giveUp = (): void => {
      timers.delete(id);
      abandoned.add(id);
      session.sendEvent({ type: 'response.cancel', response_id: id });
      withGeneration(session, id, () => closeCurrentGeneration.call(session, 'silence'));
    };
    timers.set(id, setTimeout(giveUp, NEXT_EVENT_WITHIN_MS));
  }

  // A cancel without an id reaches only the response in the conversation.
  prototype.interrupt = async function (this: SessionInternals) {
    for (const id of stateOf(this).generations.keys())
      this.sendEvent({ type: 'response.cancel', response_id: id });
    await interrupt.call(this);
  };

  prototype.truncate = async function (this: SessionInternals, options) {
    if (!stateOf(this).items.has(options.messageId)) await truncate.call(this, options);
  };

  prototype.createChatCtxUpdateEvents = function (this: SessionInternals, context, addMockAudio) {
    return createChatCtxUpdateEvents.call(this, withoutItems(context, stateOf(this).items), addMockAudio);
  };

  prototype.closeCurrentGeneration = function (this: SessionInternals, reason) {
    const { requests, generations, timers } = stateOf(this);
    requests.clear();
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
    for (const id of generations.keys())
      withGeneration(this, id, () => closeCurrentGeneration.call(this, reason));
    closeCurrentGeneration.call(this, reason);
  };
};

function requestOf(event: ClientEvent): { event: ClientEvent; eventId: string | undefined } | null {
  if (event.type !== 'response.create') return null;
  // The plugin prepends the instructions of the session.
  const [, instructions] = event.response?.instructions?.split(MARK) ?? [];
  if (instructions === undefined) return null;
  const settings: object = { conversation: 'none', input: [], tools: [], tool_choice: 'none' };
  return {
    event: { ...event, response: { ...event.response, ...settings, instructions } },
    eventId: event.response?.metadata?.client_event_id,
  };
}

function withGeneration(session: SessionInternals, id: string, run: () => void): void {
  const { generations } = stateOf(session);
  const inConversation = session.currentGeneration;
  session.currentGeneration = generations.get(id);
  try {
    run();
  } finally {
    if (session.currentGeneration) generations.set(id, session.currentGeneration);
    else generations.delete(id);
    session.currentGeneration = inConversation;
  }
}

function withoutItems(context: llm.ChatContext, ids: ReadonlySet<string>): llm.ChatContext {
  if (!context.items.some(({ id }) => ids.has(id))) return context;
  const copy = context.copy();
  copy.items = copy.items.filter(({ id }) => !ids.has(id));
  return copy;
}
