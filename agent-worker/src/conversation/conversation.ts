/** One voice conversation: the parts, and who tells whom what. */
import { setTimeout as delay } from 'node:timers/promises';
import { voice } from '@livekit/agents';
import { type Room, RoomEvent } from '@livekit/rtc-node';
import type { EndReason } from '@patchbay/shared/contract/end-reason';
import { openConnection } from '@patchbay/shared/engine/session/connection';
import { modelLimits } from '@patchbay/shared/contract/model-limits';
import type { SessionBeginning, SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';
import type { SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import { ActivityFeed, serverActivity } from '../reports/activity.ts';
import { CallMemory } from '../reports/call-details.ts';
import { ConversationTools } from './conversation-tools.ts';
import { hostRequestCounter } from '@patchbay/shared/engine/outgoing/host-admission';
import { credentialsIn } from './credentials.ts';
import type { Database } from '../database.ts';
import type { ServiceClient } from '../service-client.ts';
import type { Environment } from '../environment.ts';
import { FailureReports } from '../reports/failure-reports.ts';
import { SpeechScheduler } from '@patchbay/livekit/calls/speech-scheduler';
import { sayGoodbye } from './goodbye.ts';
import { greet } from './greeting.ts';
import { HostConnects } from '@patchbay/livekit/servers/host-connects';
import { type HintSubscription, openHints } from './hints.ts';
import { History } from '@patchbay/livekit/model/history';
import { LinkNews } from '../reports/link-news.ts';
import { LinkReports } from '../reports/link-reports.ts';
import type { Log } from '@patchbay/livekit/log';
import { ModelSession } from '@patchbay/livekit/model/model-session';
import { fixedSettings } from '@patchbay/livekit/model/model-settings';
import { PromptUpdates } from './prompt-updates.ts';
import { instructionsFor } from './prompt.ts';
import { Reconciler } from '@patchbay/livekit/servers/reconciler';
import { Reports } from '../reports/reports.ts';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';
import { ServerLinks } from '@patchbay/livekit/servers/server-links';
import { SessionLimits } from './session-limits.ts';
import type { ToolLatencies } from '@patchbay/livekit/calls/tool-latencies';
import { ToolRoom } from '@patchbay/livekit/tools/tool-room';
import type { ToolUsage } from '@patchbay/livekit/tools/tool-usage';
import { hearLines } from './transcript.ts';
import { announceUserTurns } from '@patchbay/livekit/calls/user-turns';
import { type VoiceModel, createAgentSession, createVoiceModel } from '@patchbay/livekit/model/voice-model';

/** A database that is away for a minute costs no record of a call, also when the user hangs up meanwhile. */
const FLUSH_WITHIN_MS = 75_000;
const LET_GO_WITHIN_MS = 1_000;

/** The page should learn why the conversation ends before the agent leaves the room. */
const LAST_WORDS_WITHIN_MS = 5_000;
/** A message that was sent is not out yet. */
const ON_ITS_WAY_MS = 300;

/** Closes of the agent session that end the conversation, with the reason for the database. */
const END_REASONS = new Map<string, EndReason>([
  [voice.CloseReason.PARTICIPANT_DISCONNECTED, 'user_left'],
  [voice.CloseReason.ERROR, 'error'],
]);

export interface ConversationOptions {
  environment: Environment;
  secretKeys: SecretKeys;
  client: ServiceClient;
  database: Database;
  room: Room;
  beginning: SessionBeginning;
  latencies: ToolLatencies;
  usage: ToolUsage;
  log: Log;
  /** The conversation has come to its end; `reason` for the log. */
  onEnded: (reason: string) => void;
}

export class Conversation {
  readonly #options: ConversationOptions;
  readonly #sessionId: string;
  readonly #feed: ActivityFeed;
  readonly #reports: Reports;
  readonly #linkReports: LinkReports;
  readonly #memory = new CallMemory();
  readonly #links: ServerLinks;
  readonly #reconciler: Reconciler;
  readonly #tools: ConversationTools;
  readonly #voiceModel: VoiceModel;
  readonly #model: ModelSession;
  readonly #agent: voice.Agent;
  readonly #session: voice.AgentSession;
  /** The plugin's; there is one from the start of the agent session on. */
  readonly #realtimeSession: VoiceModel['session'];
  readonly #history: History;
  readonly #scheduler: SpeechScheduler;
  readonly #limits: SessionLimits;
  /** From then on there is time to make tools and connections. */
  readonly #begun = Promise.withResolvers<void>();
  #hints: HintSubscription | null = null;
  readonly #prompt: PromptUpdates;
  #endReason: EndReason | null = null;
  #isEnding = false;
  #closing: Promise<void> | null = null;

  constructor(options: ConversationOptions) {
    const { environment, secretKeys, beginning, database, room, log } = options;
    const { PATCHBAY_ADDRESS_POLICY: policy } = environment;
    this.#options = options;
    this.#sessionId = beginning.session.id;
    const instructions = instructionsFor(beginning.agent.system_prompt);
    const limits = modelLimits(fixedSettings(environment, beginning.agent).model);
    const toolRoom = new ToolRoom(limits, environment.PATCHBAY_TOOL_TOKENS);
    toolRoom.instructions = instructions;
    this.#feed = new ActivityFeed(room, log);
    this.#reports = new Reports(database, this.#sessionId, log);
    this.#linkReports = new LinkReports(this.#reports, beginning.session.user_id);

    const failures = new FailureReports({
      feed: this.#feed,
      scheduler: () => this.#scheduler,
      log,
      end: (reason) => this.#endFor(reason),
    });
    this.#voiceModel = createVoiceModel(environment, beginning.agent, failures);
    const { model, session, turnSettlesMs } = this.#voiceModel;
    // The plugin leaves function tools alone that it was not started with: the publisher hands them over.
    this.#agent = new voice.Agent({ instructions });
    this.#session = createAgentSession(model);
    this.#realtimeSession = session;
    this.#history = new History(this.#agent, this.#session, session);
    this.#scheduler = new SpeechScheduler({
      session: this.#session,
      realtimeSession: session,
      turnSettlesMs,
      onFault: (error) => log.warn({ error }, 'the agent could not take the scheduler'),
    });
    this.#limits = new SessionLimits({
      idleTimeoutMs: environment.PATCHBAY_IDLE_TIMEOUT_MS,
      scheduler: this.#scheduler,
      feed: this.#feed,
      end: (reason) => this.#endFor(reason),
    });
    this.#limits.idle.follow(this.#session);
    this.#model = new ModelSession({
      agent: this.#agent,
      realtimeSession: session,
      toFunctionTool: (tool) => this.#tools.toFunctionTool(tool),
    });
    this.#tools = new ConversationTools({
      sessionId: this.#sessionId,
      model: this.#model,
      room: toolRoom,
      linkOf: (serverId) => this.#links.of(serverId),
      scheduler: this.#scheduler,
      idle: this.#limits.idle,
      latencies: options.latencies,
      usage: options.usage,
      history: this.#history,
      memory: this.#memory,
      feed: this.#feed,
      reports: this.#reports,
      log,
    });
    this.#prompt = new PromptUpdates({ instructions, tools: this.#tools, model: this.#model, log });
    const tell = (line: string): void => this.#model.tell(line);
    const news = new LinkNews({ feed: this.#feed, reports: this.#linkReports, tell, log });
    const connects = new HostConnects(
      hostRequestCounter(database.serviceRpc, { p_workspace_id: beginning.session.workspace_id }),
    );
    this.#links = new ServerLinks({
      cache: this.#tools.cache,
      credentialOf: credentialsIn(beginning, secretKeys, database.serviceRpc, policy),
      open: (target, events) => openConnection(target, { policy, admit: connects.admit, ...events }),
      onState: (link) => news.state(link),
      onCatalogue: (link) => this.#onCatalogue(link),
      onReach: () => this.#reconciler.wake('connection'),
      onRemoved: (link) => this.#feed.send(serverActivity(link, 'closed')),
    });
    this.#reconciler = new Reconciler({
      load: () => database.snapshot(this.#sessionId),
      links: this.#links,
      publish: (set) => this.#tools.offer(set),
      onSnapshot: (next) => this.#onSnapshot(next),
      onGone: () => this.#end('the session was ended elsewhere'),
      log,
    });
  }

  /** Begins: the greeting first, which waits for nothing; many servers, their tools and connections would hold it up. */
  async start(): Promise<void> {
    const { room, client, beginning, log } = this.#options;
    const { user_id, workspace_id } = beginning.session;
    this.#session.on(voice.AgentSessionEventTypes.Close, ({ reason }) => this.#onClosed(reason));
    this.#session.on(voice.AgentSessionEventTypes.AgentStateChanged, () => this.#history.trim());
    room.on(RoomEvent.Disconnected, () => (this.#endReason ??= 'room_closed'));
    room.on(RoomEvent.ParticipantConnected, () => {
      this.#sendEverything();
      this.#limits.idle.userActive();
      this.#reconciler.wake('user');
    });
    hearLines(this.#session, this.#sessionId, (line) => this.#reports.line(line));
    const participantIdentity = `user-${user_id}`;
    this.#memory.answerIn(room, participantIdentity);

    await this.#session.start({
      agent: this.#agent,
      room,
      record: false,
      inputOptions: { participantIdentity, textInputCallback: (_, { text }) => this.#onTyped(text) },
    });
    // A model that fails for good may do so before that.
    if (this.#isEnding) return;
    this.#limits.start(beginning.limits);
    announceUserTurns(this.#realtimeSession(), (activity) => this.#feed.send(activity));
    void greet(this.#session, beginning.agent.greeting).then(this.#begun.resolve);
    void this.#begun.promise.then(() => this.#reconciler.run());

    this.#reports.sessionState('active');
    this.#hints = openHints(
      client,
      workspace_id,
      this.#sessionId,
      {
        onHint: () => this.#reconciler.wake('hint'),
        onJoined: () => this.#reconciler.wake('rejoin'),
        onServerSeen: (serverId) => this.#links.of(serverId)?.tryNow(),
      },
      log,
    );
  }

  /** A question that comes before the greeting is heard is not without tools: they are made at once, and go first. */
  async #onTyped(text: string): Promise<void> {
    this.#begun.resolve();
    await this.#reconciler.firstTools();
    this.#session.interrupt();
    this.#session.generateReply({ userInput: text });
  }

  /** The worker has to go: one sentence to the user. The session stays open for the agent that comes next. */
  async sayGoodbye(): Promise<void> {
    this.#reports.sessionState('starting', 'worker_drained');
    await sayGoodbye(this.#session);
  }

  /** Ends everything that the conversation holds, and sends what is left to report; once. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#reconciler.wake('shutdown');
    this.#limits.stop();
    this.#tools.stop();
    if (this.#endReason) this.#reports.sessionState('ended', this.#endReason);
    const letGo = Promise.allSettled([this.#links.close(), this.#hints?.close()]);
    // Calls that were cut off are recorded first; a server that does not answer the goodbye is not waited for.
    await Promise.race([letGo, delay(LET_GO_WITHIN_MS)]);
    await this.#reports.flush(FLUSH_WITHIN_MS);
  }

  /** Applies what of a configuration may change in a running conversation; the rest waits for the next one. */
  #onSnapshot({ agent, limits }: SessionSnapshot): void {
    this.#limits.apply(limits);
    this.#linkReports.confirm(this.#links.all());
    this.#voiceModel.listenAs(agent);
    this.#prompt.change(instructionsFor(agent.system_prompt));
  }

  #onCatalogue(link: ServerLink): void {
    this.#reconciler.wake('connection');
    if (link.catalogue) this.#linkReports.catalogue(link, link.catalogue);
  }

  /** For someone who joins, or joins again: what the others were told in pieces. */
  #sendEverything(): void {
    this.#feed.send(this.#tools.activity(this.#reconciler.isSettled(this.#tools.held)));
    for (const link of this.#links.all()) this.#feed.send(serverActivity(link, link.state.name));
  }

  #onClosed(reason: string): void {
    // A worker that shuts down leaves the session to the next agent; any other end is one.
    this.#endReason ??= END_REASONS.get(reason) ?? null;
    this.#end(`the agent session closed: ${reason}`);
  }

  #endFor(reason: EndReason): void {
    this.#endReason ??= reason;
    this.#end(reason);
  }

  #end(reason: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#options.log.info({ reason, end_reason: this.#endReason }, 'the conversation ends');
    if (this.#endReason) this.#feed.send({ type: 'ended', reason: this.#endReason });
    // Not left to the end of the job: the framework may take a minute to let go of the room.
    void this.close();
    void this.#feed
      .sent(LAST_WORDS_WITHIN_MS)
      .then(() => delay(ON_ITS_WAY_MS))
      .then(() => this.#options.onEnded(reason));
  }
}
