import { isDeepStrictEqual } from 'node:util';
import { voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import { createPatchedModel, watchModel } from './workarounds/patched-model.ts';
import { changeListening } from './workarounds/listening.ts';
import type { ModelWatcher } from './workarounds/session-internals.ts';
import {
  type AgentSettings,
  type Deployment,
  fixedSettings,
  listeningSettings,
  turnSettlesMs,
} from './model-settings.ts';

/** Enough for a chain of five calls with something to spare; the framework's own limit is three. */
const MAX_TOOL_STEPS = 8;

export interface VoiceModel {
  model: realtime.RealtimeModel;
  /** The live session; there is one from the start of the agent session on. */
  session: () => realtime.RealtimeSession;
  /** Applies what of an agent's configuration may change in the live session: turn detection and language. */
  listenAs: (agent: AgentSettings) => void;
  /** How long after the caller stopped the model's own answer may begin, in ms. */
  turnSettlesMs: () => number;
}

/**
 * The realtime model for one conversation. The temperature of an agent configuration is not sent: the
 * Realtime API has none.
 * @param agent its model, voice and reasoning effort stay for the length of the conversation
 * @param watcher hears of every failure of the model
 */
export function createVoiceModel(
  environment: Deployment,
  agent: AgentSettings,
  watcher: ModelWatcher,
): VoiceModel {
  let current: realtime.RealtimeSession | null = null;
  let listening = listeningSettings(environment, agent);
  let settlesMs = turnSettlesMs(agent);
  const model = createPatchedModel(
    {
      apiKey: environment.OPENAI_API_KEY,
      baseURL: environment.OPENAI_BASE_URL,
      ...fixedSettings(environment, agent),
      ...listening,
    },
    (session) => {
      current = session;
      watchModel(session, watcher);
    },
  );
  return {
    model,
    session: () => {
      if (!current) throw new Error('The agent session has not started.');
      return current;
    },
    listenAs(next) {
      settlesMs = turnSettlesMs(next);
      const wanted = listeningSettings(environment, next);
      if (isDeepStrictEqual(wanted, listening)) return;
      listening = wanted;
      if (current) changeListening(current, wanted);
    },
    turnSettlesMs: () => settlesMs,
  };
}

/** The agent session around a realtime model, which hears the end of a turn itself. */
export function createAgentSession(model: realtime.RealtimeModel): voice.AgentSession {
  const session = new voice.AgentSession({
    llm: model,
    vad: null,
    turnHandling: { turnDetection: null },
    userAwayTimeout: null,
    maxToolSteps: MAX_TOOL_STEPS,
  });
  // The watcher of the model has heard of it. Without a listener it would be thrown, with the API key in its context.
  session.on(voice.AgentSessionEventTypes.Error, () => {});
  return session;
}
