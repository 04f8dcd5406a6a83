/**
 * Bug: A response that fails, or never comes, leaves the turn silent. A lasting error, such as a model that does not
 * exist, is only logged.
 * Upstream: docs/upstream/silent-failure.md
 * Remove when the "still needed" test of "a response that fails" in failures.test.ts fails.
 */
import { randomUUID } from 'node:crypto';
import type { realtime } from '@livekit/agents-plugin-openai';
import { FAILURES } from '../model-failure.ts';
import { AnswerWatch } from '../openai-realtime/answer-watch.ts';
import { failedEvent } from '../openai-realtime/failure-events.ts';
import { withdraw } from './replay-calls.ts';
import { type Workaround, type SessionInternals, endSession, stateOf } from './session-internals.ts';

/** Prefix of the event ids of settings, by which errors about them are recognized. */
const SETTINGS = 'settings_';

const OVER: realtime.ResponseDoneEvent = {
  type: 'response.done',
  event_id: '',
  response: {
    id: '',
    object: 'realtime.response',
    status: 'cancelled',
    status_details: 'cancelled',
    output: [],
  },
};

export const failedAnswersWorkaround: Workaround = (prototype) => {
  const { close, createSessionUpdateEvent, handleError, handleResponseCreated, handleResponseDone, runWs } =
    prototype;
  const watches = new WeakMap<SessionInternals, AnswerWatch>();
  const kept = new WeakSet<object>();

  function watch(session: SessionInternals): AnswerWatch {
    const state = stateOf(session);
    const made = new AnswerWatch({
      send: (event) => session.sendEvent(event),
      endResponse: () => handleResponseDone.call(session, OVER),
      onFatal: (failure) => endSession(session, failure),
      onFailed: (failure, request) => {
        if (request) withdraw(session, request);
        state.watcher?.onUnanswered(failure);
        // A silent connection often stays silent: the next turn uses a new one.
        if (failure.kind === 'no_answer') state.socket?.terminate();
      },
      onAnswered: () => state.outage.answered(),
    });
    session.on('openai_client_event_queued', (event) => made.sent(event));
    session.on('openai_server_event_received', (event) => {
      if (event.type === 'session.updated') state.watcher?.onConnected();
      if (made.received(event)) kept.add(event);
    });
    session.on('session_reconnected', () => made.reconnected());
    watches.set(session, made);
    return made;
  }

  prototype.runWs = async function (this: SessionInternals, socket) {
    const answers = watches.get(this) ?? watch(this);
    try {
      await runWs.call(this, socket);
    } finally {
      answers.connectionLost();
    }
  };
  prototype.close = async function (this: SessionInternals) {
    watches.get(this)?.stop();
    await close.call(this);
  };
  prototype.createSessionUpdateEvent = function (this: SessionInternals) {
    return { ...createSessionUpdateEvent.call(this), event_id: `${SETTINGS}${randomUUID()}` };
  };
  prototype.handleError = function (this: SessionInternals, event) {
    const isOfSettings = event.error.event_id?.startsWith(SETTINGS);
    const failure = isOfSettings ? failedEvent(event.error, 'settings') : null;
    if (failure && FAILURES[failure.kind].endReason) endSession(this, failure);
    // The next connection sends them again.
    else if (failure) stateOf(this).socket?.terminate();
    else if (!kept.has(event)) handleError.call(this, event);
  };
  prototype.handleResponseCreated = function (this: SessionInternals, event: realtime.ResponseCreatedEvent) {
    if (!kept.has(event)) handleResponseCreated.call(this, event);
  };
  prototype.handleResponseDone = function (this: SessionInternals, event) {
    if (!kept.has(event)) handleResponseDone.call(this, event);
  };
};
