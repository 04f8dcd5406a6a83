/** A conversation with fakes for the room, the database, Realtime and the voice model. */
import { EventEmitter } from 'node:events';
import { llm, voice } from '@livekit/agents';
import { type Room, RoomEvent } from '@livekit/rtc-node';
import { ToolLatencies } from '@patchbay/livekit/calls/tool-latencies';
import type { Log } from '@patchbay/livekit/log';
import type { ModelWatcher } from '@patchbay/livekit/model/model-failure';
import type { VoiceModel } from '@patchbay/livekit/model/voice-model';
import { sessionSnapshot, snapshotServer, storedTool } from '@patchbay/livekit/testing/snapshot';
import { ToolUsage } from '@patchbay/livekit/tools/tool-usage';
import type { Activity } from '@patchbay/shared/contract/schema/activity';
import type { SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';
import type { Database } from '../../database.ts';
import { readEnvironment } from '../../environment.ts';
import type { ServiceClient } from '../../service-client.ts';
import { Conversation } from '../conversation.ts';

const environment = readEnvironment({
  SUPABASE_URL: 'http://127.0.0.1:1',
  SUPABASE_SECRET_KEY: 'key',
  LIVEKIT_URL: 'ws://127.0.0.1:1',
  LIVEKIT_API_KEY: 'key',
  LIVEKIT_API_SECRET: 'secret',
  OPENAI_API_KEY: 'key',
  PATCHBAY_SECRETS_KEYS: 'key',
  PATCHBAY_ADDRESS_POLICY: 'local',
});

type StartOptions = Parameters<voice.AgentSession['start']>[0];

/**
 * Everything that the conversation asks of its fakes is a line of `steps`, in order.
 * @param onSessionStart runs while the agent session starts
 */
export function fakeConversation(onSessionStart: (watcher: ModelWatcher) => void = () => {}) {
  const steps: string[] = [];
  const shown: Activity[] = [];
  const ended: string[] = [];
  const state: { snapshot: SessionSnapshot | null } = {
    snapshot: sessionSnapshot([snapshotServer({ id: 'n', name: 'notes', tools: [storedTool('add')] })]),
  };
  let watcher: ModelWatcher | undefined;
  let onText: ((text: string) => void) | undefined;

  const speech = { waitForPlayout: () => Promise.resolve(), addDoneCallback: () => {}, chatItems: [] };
  const session = Object.assign(new EventEmitter(), {
    agentState: 'initializing',
    userState: 'listening',
    history: llm.ChatContext.empty(),
    start: async ({ inputOptions }: StartOptions) => {
      steps.push('start session');
      onText = (text) => void inputOptions?.textInputCallback?.({} as never, { text });
      if (watcher) onSessionStart(watcher);
    },
    interrupt: () => void steps.push('interrupt'),
    generateReply: ({ instructions }: { instructions?: string }) => {
      steps.push(`reply: ${instructions}`);
      return speech;
    },
  });
  const model: VoiceModel = {
    traits: { limits: { tools: 128, tokens: 16_384 } },
    session: session as unknown as voice.AgentSession,
    agent: new voice.Agent({ instructions: 'Test.' }),
    items: [],
    turnSettlesMs: () => 0,
    applySettings: ({ language }) => void steps.push(`language: ${language}`),
    setInstructions: async (text) => {
      steps.push(`instructions: ${text.split('\n')[0]}`);
      return 'now';
    },
    pushTools: async (tools) => {
      steps.push(`tools: ${tools.map((tool) => ('name' in tool ? tool.name : '')).join()}`);
      return { outcome: 'acknowledged' };
    },
    notify: () => {},
    say: (sentence) => {
      steps.push(`say: ${sentence}`);
      return speech as unknown as voice.SpeechHandle;
    },
    sendText: (text) => void steps.push(`text: ${text}`),
    toBackground: () => {},
    closeCall: () => {},
    deliver: () => ({ speech: speech as unknown as voice.SpeechHandle, withdraw: () => {} }),
    userTurnAfter: () => () => {},
    announceUserTurns: () => {},
    forget: () => {},
  };

  const room = Object.assign(new EventEmitter(), {
    localParticipant: {
      registerRpcMethod: () => {},
      sendText: async (text: string) => void shown.push(JSON.parse(text) as Activity),
    },
  });
  const database = {
    serviceRpc: () => Promise.resolve({ wait_s: 60, at_once: null }),
    snapshot: async () => {
      steps.push('read servers');
      return state.snapshot;
    },
    reportStatus: () => Promise.resolve(),
    storeCatalog: () => Promise.resolve(),
    recordToolCalls: () => Promise.resolve(),
    recordTranscript: () => Promise.resolve(),
    setSessionState: async (_id: string, name: string, reason: string | null) =>
      void steps.push(`state: ${name} ${reason}`),
  } as unknown as Database;

  const hints = new EventEmitter();
  const channel = {
    on: (_type: string, { event }: { event: string }, listener: (message: object) => void) => {
      hints.on(event, listener);
      return channel;
    },
    subscribe: () => steps.push('subscribe'),
  };
  const client = {
    realtime: { isConnected: () => true, disconnect: () => Promise.resolve('ok') },
    channel: () => channel,
    removeChannel: async () => void steps.push('unsubscribe'),
  };

  const { servers: _, ...beginning } = sessionSnapshot([], { greeting: 'Hello.' });
  const conversation = new Conversation({
    environment,
    secretKeys: [] as never,
    database,
    room: room as unknown as Room,
    client: client as unknown as ServiceClient,
    beginning,
    createModel: (_instructions, modelWatcher) => {
      watcher = modelWatcher;
      return model;
    },
    latencies: new ToolLatencies(),
    usage: new ToolUsage(),
    log: { info() {}, warn() {}, error() {} } as unknown as Log,
    onEnded: (reason) => ended.push(reason),
  });
  return {
    conversation,
    steps,
    shown,
    ended,
    state,
    client,
    database,
    fail: (kind: 'key_rejected') => watcher?.onFatal({ kind, facts: {} }),
    /** The user hears the greeting. */
    greeted: () =>
      session.emit(voice.AgentSessionEventTypes.AgentStateChanged, {
        oldState: 'listening',
        newState: 'speaking',
      }),
    type: (text: string) => onText?.(text),
    closeSession: (reason: voice.CloseReason) =>
      session.emit(voice.AgentSessionEventTypes.Close, { reason, error: null }),
    hint: (event: string) => hints.emit(event, { payload: {} }),
    join: () => room.emit(RoomEvent.ParticipantConnected),
    disconnectRoom: () => room.emit(RoomEvent.Disconnected),
  };
}
