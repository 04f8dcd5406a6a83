/** The lifecycle of one voice conversation: how it starts, what wakes it, and how it ends. */
import { setTimeout as delay } from 'node:timers/promises';
import { voice } from '@livekit/agents';
import { RoomEvent } from '@livekit/rtc-node';
import type { EndReason } from '@patchbay/shared/contract/end-reason';
import type { ServiceClient } from '../service-client.ts';
import {
  type ConversationParts,
  type ConversationPartsOptions,
  createConversationParts,
} from './conversation-parts.ts';
import { sayGoodbye } from './goodbye.ts';
import { greet } from './greeting.ts';
import { type HintSubscription, openHints } from './hints.ts';
import { onTranscriptLine } from './transcript.ts';

/** An outage of the database for a minute loses no record of a call, also when the user hangs up meanwhile. */
const FLUSH_WITHIN_MS = 75_000;
const DISCONNECT_WITHIN_MS = 1_000;

/** The page should learn why the conversation ends before the agent leaves the room. */
const LAST_ACTIVITY_WITHIN_MS = 5_000;
/** A sent message takes a moment to leave. */
const DEPARTURE_MS = 300;

/** The closes of the agent session that end the conversation, with the reason for the database. */
const END_REASONS = new Map<string, EndReason>([
  [voice.CloseReason.PARTICIPANT_DISCONNECTED, 'user_left'],
  [voice.CloseReason.ERROR, 'error'],
]);

export interface ConversationOptions extends ConversationPartsOptions {
  client: ServiceClient;
  /** The conversation has ended; `reason` is for the log. */
  onEnded: (reason: string) => void;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #parts: ConversationParts;
  /** Resolves when the greeting is heard or the user typed: then there is time for tools and connections. */
  readonly #hasBegun = Promise.withResolvers<void>();
  #hints: HintSubscription | null = null;
  #endReason: EndReason | null = null;
  #isEnding = false;
  #closing: Promise<void> | null = null;

  constructor(options: ConversationOptions) {
    this.#options = options;
    this.#parts = createConversationParts(options, (why, endReason) => this.#end(why, endReason));
  }

  /** Starts with the greeting, which waits for nothing; reading many servers would delay it. */
  async start(): Promise<void> {
    const { room, client, beginning, log } = this.#options;
    const { model, feed, reports, memory, history, limits, servers } = this.#parts;
    const { session } = model;
    const { id: sessionId, user_id, workspace_id } = beginning.session;
    // A worker that shuts down leaves the session to the next agent; any other end is one.
    session.on(voice.AgentSessionEventTypes.Close, ({ reason }) =>
      this.#end(`the agent session closed: ${reason}`, END_REASONS.get(reason) ?? null),
    );
    session.on(voice.AgentSessionEventTypes.AgentStateChanged, () => history.trim());
    room.on(RoomEvent.Disconnected, () => (this.#endReason ??= 'room_closed'));
    room.on(RoomEvent.ParticipantConnected, () => {
      servers.sendState();
      limits.idle.userActive();
      servers.wake('user');
    });
    onTranscriptLine(session, sessionId, (line) => reports.line(line));
    const participantIdentity = `user-${user_id}`;
    memory.answerIn(room, participantIdentity);

    await session.start({
      agent: model.agent,
      room,
      record: false,
      inputOptions: { participantIdentity, textInputCallback: (_, { text }) => this.#onText(text) },
    });
    // A permanent failure of the model may have ended it already.
    if (this.#isEnding) return;
    limits.start(beginning.limits);
    model.announceUserTurns((activity) => feed.send(activity));
    void greet(session, beginning.agent.greeting).then(this.#hasBegun.resolve);
    void this.#hasBegun.promise.then(() => servers.run());

    reports.sessionState('active');
    this.#hints = openHints(
      client,
      workspace_id,
      sessionId,
      {
        onHint: () => servers.wake('hint'),
        onJoined: () => servers.wake('rejoin'),
        onServerSeen: (serverId) => servers.linkOf(serverId)?.retryNow(),
      },
      log,
    );
  }

  /** Says one sentence before the worker shuts down. The session stays open for the next agent. */
  async sayGoodbye(): Promise<void> {
    this.#parts.reports.sessionState('starting', 'worker_drained');
    await sayGoodbye(this.#parts.model);
  }

  /** Ends everything that the conversation owns and sends the remaining reports; once. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Text that comes before the greeting is heard gets tools too: they are offered at once, and first. */
  async #onText(text: string): Promise<void> {
    const { model, servers } = this.#parts;
    this.#hasBegun.resolve();
    await servers.firstTools();
    model.sendText(text);
  }

  async #close(): Promise<void> {
    const { servers, limits, tools, reports } = this.#parts;
    servers.wake('shutdown');
    limits.stop();
    tools.stop();
    if (this.#endReason) reports.sessionState('ended', this.#endReason);
    const disconnected = Promise.allSettled([servers.close(), this.#hints?.close()]);
    // Canceled calls are recorded first; a server that does not answer is not waited for.
    await Promise.race([disconnected, delay(DISCONNECT_WITHIN_MS)]);
    await reports.flush(FLUSH_WITHIN_MS);
  }

  #end(why: string, endReason: EndReason | null): void {
    this.#endReason ??= endReason;
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { feed } = this.#parts;
    this.#options.log.info({ reason: why, end_reason: this.#endReason }, 'the conversation ends');
    if (this.#endReason) feed.send({ type: 'ended', reason: this.#endReason });
    // At once, not at the end of the job: the framework may take a minute to close the room.
    void this.close();
    void feed
      .sent(LAST_ACTIVITY_WITHIN_MS)
      .then(() => delay(DEPARTURE_MS))
      .then(() => this.#options.onEnded(why));
  }
}
