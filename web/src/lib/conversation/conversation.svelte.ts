import { TOPIC_CHAT } from '@patchbay/shared/contract/room-topics';
import type { ConnectionStateName, LeftOut, ToolsBudget } from '@patchbay/shared/contract/schema/activity';
import type { Room } from 'livekit-client';
import { SvelteMap } from 'svelte/reactivity';
import { Devices } from './devices.svelte.ts';
import { Microphone } from './microphone.svelte.ts';
import type { Problem } from './problems.ts';
import type { RoomKey } from './rejoin.ts';
import { SoundMeter } from './sound.svelte.ts';
import { Transcript } from './transcript.svelte.ts';
import { requestAgent, requestRoom, requestRejoin } from './voice-api.ts';

export interface StartOptions {
  agentConfigId: string | undefined;
  withMicrophone: boolean;
  describeTools: (before: readonly string[], after: readonly string[]) => string[];
}

/** One voice conversation, from "Start" to "End". It outlives the page that shows it. */
export class Conversation {
  phase = $state<'idle' | 'starting' | 'live' | 'reconnecting' | 'ended'>('idle');
  problem = $state<Problem | null>(null);
  /** Milliseconds since the epoch. */
  startedAt = $state(0);
  /** `lk.agent.state` of the agent: initializing, listening, thinking, speaking. */
  agentState = $state('');
  isAgentMissing = $state(false);
  /** The agent is reconnecting to its voice model. */
  isModelLost = $state(false);
  isSoundBlocked = $state(false);
  toolNames = $state.raw<string[]>([]);
  leftOut = $state.raw<LeftOut[]>([]);
  budget = $state<ToolsBudget | null>(null);
  /** Tools added by the last change; empty for the first set. */
  newTools = $state.raw<ReadonlySet<string>>(new Set());
  /** When the user last spoke without an answer yet, ms since the epoch. */
  unansweredSince = $state<number | null>(null);
  /** Increases with every message about tools, even if the names stay. */
  toolsVersion = $state(0);
  readonly connections = new SvelteMap<string, ConnectionStateName>();
  readonly transcript = new Transcript();
  readonly microphone = new Microphone();
  readonly devices = new Devices();
  readonly agentSound = new SoundMeter();
  isRunning = $derived(this.phase === 'starting' || this.phase === 'live' || this.phase === 'reconnecting');

  #room: Room | undefined;
  #inCall!: (typeof import('./in-call.ts'))['inCall'];
  #key: RoomKey | undefined;
  /** Aborts when the conversation ends; later events are ignored. */
  #life = new AbortController();

  async start(options: StartOptions): Promise<void> {
    if (this.isRunning) return;
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#reset();
    this.phase = 'starting';

    if (options.withMicrophone) void this.openMicrophone();
    const [lk, inCall, invitation] = await Promise.all([
      import('livekit-client'),
      import('./in-call.ts').then((module) => module.inCall),
      requestRoom(options.agentConfigId),
    ]);
    this.#inCall = inCall;
    if (signal.aborted) return;
    if (!invitation.ok) return this.#finish(invitation.problem);

    const room = new lk.Room({ audioOutput: { deviceId: this.devices.speakerId } });
    this.#room = room;
    this.#key = { ...invitation.value, issuedAt: Date.now() };
    this.#listen(room, lk, invitation.value.session_id, options, signal);
    try {
      await room.connect(invitation.value.url, invitation.value.token);
    } catch {
      if (!signal.aborted) this.#finish(inCall.UNREACHABLE_ROOM);
      return;
    }
    if (signal.aborted) return void room.disconnect();
    this.phase = 'live';
    this.startedAt = Date.now();
    this.#monitorAgent(room, invitation.value.session_id, signal);
    await this.#publishMicrophone();
  }

  async end(): Promise<void> {
    if (!this.isRunning) return;
    this.#finish(null);
  }

  /** Sends typed text, handled like speech. */
  async say(text: string): Promise<void> {
    const words = text.trim();
    if (!words || this.phase !== 'live' || !this.#room) return;
    this.transcript.typed(words);
    this.unansweredSince = Date.now();
    await this.#room.localParticipant.sendText(words, { topic: TOPIC_CHAT });
  }

  /** Browsers may block sound until a click. */
  async allowSound(): Promise<void> {
    await this.#room?.startAudio();
  }

  /** Requests the microphone, again after a failure. Typing works meanwhile. */
  async openMicrophone(): Promise<void> {
    const track = await this.microphone.open(this.devices.microphoneId);
    if (!track) return;
    void this.devices.refresh();
    await this.#publishMicrophone();
  }

  async useMicrophone(deviceId: string): Promise<void> {
    this.devices.choose('microphone', deviceId);
    await this.microphone.change(deviceId);
  }

  async useSpeaker(deviceId: string): Promise<void> {
    this.devices.choose('speaker', deviceId);
    // If the speaker was unplugged meanwhile, the sound stays where it is.
    await this.#room?.switchActiveDevice('audiooutput', deviceId).catch(() => undefined);
  }

  #listen(
    room: Room,
    lk: typeof import('livekit-client'),
    sessionId: string,
    options: StartOptions,
    signal: AbortSignal,
  ): void {
    const { transcript } = this;
    this.#inCall.listenToRoom(room, lk, {
      onCaption: (who, id) => {
        transcript.beginSaid(who, id);
        return {
          add: (words) => {
            transcript.addText(who, id, words);
            const isUnanswered = who === 'user' && transcript.isLast(who, id);
            this.unansweredSince = isUnanswered ? Date.now() : null;
          },
          end: () => transcript.endSaid(who, id),
        };
      },
      onActivity: (text) => this.#onActivity(text, options.describeTools),
      onAgentState: (state) => (this.agentState = state),
      onAgentSound: (track) => void this.agentSound.listen(track),
      onAgentSilence: () => this.agentSound.stop(),
      onSoundBlocked: (isBlocked) => (this.isSoundBlocked = isBlocked),
      onConnection: (state) => {
        if (this.isRunning) this.phase = state === 'connected' ? 'live' : 'reconnecting';
      },
      onClosed: (reason) => {
        if (signal.aborted || this.phase === 'starting') return;
        const problem = this.#inCall.closedRoomProblem(reason);
        if (problem) this.#finish(problem);
        else if (this.#key) void this.#rejoin(room, this.#key, sessionId, signal);
      },
    });
  }

  #onActivity(text: string, describeTools: StartOptions['describeTools']): void {
    const activity = this.#inCall.readActivity(text);
    if (!activity) return;
    if (activity.type === 'tool_call') {
      this.transcript.call(activity);
      this.unansweredSince = null;
      if (activity.phase !== 'started') void this.#loadDetails(activity.id);
    } else if (activity.type === 'tool_progress') {
      this.transcript.callProgress(activity);
    } else if (activity.type === 'user_turn') {
      if (activity.phase === 'started') this.transcript.beginTurn(activity.id);
      else this.transcript.dropTurn(activity.id);
    } else if (activity.type === 'server') {
      this.connections.set(activity.server_id, activity.state);
    } else if (activity.type === 'ended') {
      if (this.isRunning) this.#finish(this.#inCall.describeEnd(activity.reason));
    } else if (activity.type === 'unanswered') {
      this.transcript.note(this.#inCall.describeAnswerFailure(activity.reason).note);
      this.unansweredSince = null;
    } else if (activity.type === 'model') {
      this.isModelLost = activity.state === 'reconnecting';
    } else if (activity.type === 'idle' || activity.type === 'time_limit') {
      this.transcript.note(this.#inCall.endingNote(activity));
    } else if (activity.acknowledged) {
      for (const words of describeTools(this.toolNames, activity.names)) this.transcript.note(words);
      const before = new Set(this.toolNames);
      if (before.size > 0) this.newTools = new Set(activity.names.filter((name) => !before.has(name)));
      this.toolNames = activity.names;
      this.leftOut = activity.left_out ?? [];
      this.budget = activity.budget ?? null;
      this.toolsVersion++;
    } else {
      this.transcript.note("The model hasn't confirmed its new tools yet. Retrying.");
    }
  }

  async #loadDetails(callId: string): Promise<void> {
    const details = this.#room && (await this.#inCall.requestDetails(this.#room, callId));
    if (details) this.transcript.callDetails(callId, details);
  }

  /** A room that is joined later publishes the microphone then. */
  async #publishMicrophone(): Promise<void> {
    const { track } = this.microphone;
    if (!track || this.phase !== 'live') return;
    // A failure here is a lost connection; rejoining publishes again.
    await this.#room?.localParticipant.publishTrack(track).catch(() => undefined);
  }

  #monitorAgent(room: Room, sessionId: string, signal: AbortSignal): void {
    void this.#inCall.monitorAgent({
      room,
      isConnected: () => this.phase === 'live',
      dispatch: async () => {
        const answer = await requestAgent(sessionId);
        if (!signal.aborted && !answer.ok && this.#inCall.FINAL_STATUSES.has(answer.status))
          this.#finish(answer.problem);
      },
      onMissing: (isMissing) => (this.isAgentMissing = isMissing),
      signal,
    });
  }

  /** Runs when LiveKit's own reconnects have failed. */
  async #rejoin(room: Room, key: RoomKey, sessionId: string, signal: AbortSignal): Promise<void> {
    this.phase = 'reconnecting';
    const problem = await this.#inCall.rejoinRoom({
      key,
      renew: () => requestRejoin(sessionId),
      join: async (latest) => {
        this.#key = latest;
        await room.connect(latest.url, latest.token);
      },
      signal,
    });
    if (signal.aborted) return void room.disconnect();
    if (problem) return this.#finish(problem);
    this.phase = 'live';
    await this.#publishMicrophone();
  }

  #finish(problem: Problem | null): void {
    this.#life.abort();
    this.problem = problem;
    this.phase = 'ended';
    this.agentState = '';
    this.isAgentMissing = false;
    this.isModelLost = false;
    this.isSoundBlocked = false;
    this.#forgetTools();
    this.microphone.close();
    this.agentSound.stop();
    void this.#room?.disconnect();
    this.#room = undefined;
  }

  #forgetTools(): void {
    this.toolNames = [];
    this.newTools = new Set();
    this.leftOut = [];
    this.budget = null;
    this.connections.clear();
    this.unansweredSince = null;
  }

  #reset(): void {
    this.problem = null;
    this.startedAt = 0;
    this.transcript.clear();
    this.#forgetTools();
  }
}
