/** A participant without a browser: joins as the page does, types and speaks, and records what the agent sends. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  ParticipantKind,
  Room,
  RoomEvent,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  type RemoteTrack,
} from '@livekit/rtc-node';
import { TOPIC_ACTIVITY, TOPIC_CHAT, TOPIC_TRANSCRIPTION } from '@patchbay/shared/contract/room-topics';
import { Activity } from '@patchbay/shared/contract/schema/activity';
import { VoiceDispatchAnswer, VoiceTokenAnswer } from '@patchbay/shared/contract/schema/functions';
import { speak, SPEECH_RATE_HZ } from '../../local/speech/speak.ts';
import { AccessToken, RoomAgentDispatch, RoomConfiguration } from 'livekit-server-sdk';
import type { Person } from './person.ts';
import { runningStack } from './running-stack.ts';

const FRAME_SAMPLES = SPEECH_RATE_HZ / 50;
/** Root mean square above which a frame of 20 ms counts as voice. */
const LOUD = 100;
/** The default queue of a second would delay every word. */
const MICROPHONE_QUEUE_MS = 100;
const PATIENCE_MS = 15_000;

export interface Line {
  from: 'agent' | 'person';
  text: string;
  atMs: number;
}

export type ActivityOf<Type extends Activity['type']> = Extract<Activity, { type: Type }>;

export class RoomClient {
  readonly sessionId: string;
  readonly lines: Line[] = [];
  readonly activity: Activity[] = [];
  /** Wall-clock time of each loud frame, 20 ms long, newest last. */
  readonly loudAtMs: number[] = [];
  readonly #person: Person;
  readonly #room = new Room();
  readonly #microphone = new AudioSource(SPEECH_RATE_HZ, 1, MICROPHONE_QUEUE_MS);
  #words: Int16Array = new Int16Array(0);
  #left = false;

  private constructor(person: Person, sessionId: string) {
    this.#person = person;
    this.sessionId = sessionId;
  }

  /** @param agentName default: the agent of the stack's worker */
  static async join(person: Person, agentConfigId?: string, agentName?: string): Promise<RoomClient> {
    try {
      return await RoomClient.#joinOnce(person, agentConfigId, agentName);
    } catch (error) {
      // Rarely, the library misses the server's response to its track and gives up after 15 s.
      console.warn(`joining a room again: ${error instanceof Error ? error.message : String(error)}`);
      return RoomClient.#joinOnce(person, agentConfigId, agentName);
    }
  }

  static async #joinOnce(person: Person, agentConfigId?: string, agentName?: string): Promise<RoomClient> {
    const body = agentConfigId === undefined ? {} : { agent_config_id: agentConfigId };
    const answer = await person.client.functions.invoke<unknown>('voice-token', { body });
    if (answer.error) throw new Error('voice-token refused the person');
    const invitation = VoiceTokenAnswer.parse(answer.data);
    const client = new RoomClient(person, invitation.session_id);
    const token = agentName === undefined ? invitation.token : await tokenFor(agentName, person, invitation);
    try {
      await client.#enter(invitation.url, token);
    } catch (error) {
      await client.leave();
      throw error;
    }
    return client;
  }

  /** The identities of the agents in the room. */
  get agents(): string[] {
    return [...this.#room.remoteParticipants.values()]
      .filter(({ info }) => info.kind === ParticipantKind.AGENT)
      .map(({ identity }) => identity);
  }

  /** Types a message. */
  async type(text: string): Promise<void> {
    await this.#room.localParticipant?.sendText(text, { topic: TOPIC_CHAT });
  }

  /** Says words into the microphone; returns when the last one was said. */
  async say(text: string): Promise<void> {
    this.#words = await speak(text);
    while (this.#words.length > 0) await sleep(10);
  }

  /**
   * The first line of the agent from `since` (wall clock) on that fits.
   * @throws Error with all lines when there is none in time
   */
  async agentSays(pattern: RegExp, sinceMs: number, withinMs = PATIENCE_MS): Promise<Line> {
    return this.#wait(
      () =>
        this.lines.find((line) => line.from === 'agent' && line.atMs >= sinceMs && pattern.test(line.text)),
      withinMs,
      () => `the agent did not say ${pattern}; lines: ${JSON.stringify(this.lines)}`,
    );
  }

  /** Searches from an index of `activity`. */
  async waitForActivity<Type extends Activity['type']>(
    type: Type,
    fits: (activity: ActivityOf<Type>) => boolean,
    from = 0,
    withinMs = PATIENCE_MS,
  ): Promise<ActivityOf<Type>> {
    const isIt = (activity: Activity): activity is ActivityOf<Type> =>
      activity.type === type && fits(activity as ActivityOf<Type>);
    return this.#wait(
      () => this.activity.slice(from).find(isIt),
      withinMs,
      () => `no such ${type} activity: ${JSON.stringify(this.activity.slice(from))}`,
    );
  }

  /** Waits until the agent is heard; gives the wall clock of the first loud frame from `since` on. */
  async hearsVoice(sinceMs: number, withinMs = PATIENCE_MS): Promise<number> {
    return this.#wait(
      () => this.loudAtMs.find((at) => at >= sinceMs),
      withinMs,
      () => 'the agent was not heard',
    );
  }

  /** Waits until the agent was silent for a while. */
  async hearsSilence(forMs = 700, withinMs = 30_000): Promise<void> {
    await this.#wait(
      () => Date.now() - (this.loudAtMs.at(-1) ?? 0) > forMs || undefined,
      withinMs,
      () => 'the agent did not stop speaking',
    );
  }

  /** Waits for an agent in the room, and gives its identity. */
  async meetsAgent(withinMs = PATIENCE_MS): Promise<string> {
    return this.#wait(
      () => this.agents[0],
      withinMs,
      () => 'no agent came',
    );
  }

  /** Asks for an agent, as the page does when it misses one. */
  async callAgent(): Promise<boolean> {
    const body = { session_id: this.sessionId };
    const answer = await this.#person.client.functions.invoke<unknown>('voice-dispatch', { body });
    if (answer.error) throw new Error('voice-dispatch refused the person');
    return VoiceDispatchAnswer.parse(answer.data).dispatched;
  }

  async leave(): Promise<void> {
    this.#left = true;
    await this.#room.disconnect();
  }

  async #enter(url: string, token: string): Promise<void> {
    const room = this.#room;
    room.on(RoomEvent.TrackSubscribed, (track, _publication, participant) => {
      if (track.kind === TrackKind.KIND_AUDIO && participant.info.kind === ParticipantKind.AGENT)
        void this.#listen(track);
    });
    room.registerTextStreamHandler(TOPIC_TRANSCRIPTION, (reader, { identity }) => {
      const from = identity === room.localParticipant?.identity ? 'person' : 'agent';
      void reader.readAll().then((text) => this.lines.push({ from, text, atMs: Date.now() }), cutOff);
    });
    room.registerTextStreamHandler(TOPIC_ACTIVITY, (reader) => {
      void reader.readAll().then((text) => this.activity.push(Activity.parse(JSON.parse(text))), cutOff);
    });
    // The framework's telemetry; without a handler, each message is logged.
    room.registerByteStreamHandler('lk.agent.session', () => {});
    await room.connect(url, token, { autoSubscribe: true, dynacast: false });
    const track = LocalAudioTrack.createAudioTrack('microphone', this.#microphone);
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE });
    await room.localParticipant?.publishTrack(track, options);
    void this.#feedMicrophone();
  }

  /** Paced by the queue of the microphone. */
  async #feedMicrophone(): Promise<void> {
    while (!this.#left) {
      const frame = new Int16Array(FRAME_SAMPLES);
      frame.set(this.#words.subarray(0, FRAME_SAMPLES));
      this.#words = this.#words.subarray(FRAME_SAMPLES);
      await this.#microphone.captureFrame(new AudioFrame(frame, SPEECH_RATE_HZ, 1, FRAME_SAMPLES));
    }
  }

  async #listen(track: RemoteTrack): Promise<void> {
    for await (const frame of new AudioStream(track, SPEECH_RATE_HZ, 1)) {
      const power = frame.data.reduce((sum, value) => sum + value * value, 0) / frame.data.length;
      if (Math.sqrt(power) > LOUD) this.loudAtMs.push(Date.now());
    }
  }

  async #wait<T>(look: () => T | undefined, withinMs: number, problem: () => string): Promise<T> {
    const until = Date.now() + withinMs;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (Date.now() > until) throw new Error(problem());
      await sleep(10);
    }
  }
}

/** Incomplete streams of a closed room are dropped. */
function cutOff(): void {}

async function tokenFor(
  agentName: string,
  person: Person,
  { session_id, room_name }: VoiceTokenAnswer,
): Promise<string> {
  const { livekit_api_key, livekit_api_secret } = runningStack();
  const token = new AccessToken(livekit_api_key, livekit_api_secret, { identity: `user-${person.id}` });
  token.addGrant({
    roomJoin: true,
    room: room_name,
    canSubscribe: true,
    canPublish: true,
    canPublishData: true,
  });
  const metadata = JSON.stringify({ session_id });
  token.roomConfig = new RoomConfiguration({ agents: [new RoomAgentDispatch({ agentName, metadata })] });
  return await token.toJwt();
}
