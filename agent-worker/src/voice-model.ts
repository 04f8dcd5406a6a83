import { voice } from '@livekit/agents';
import type { realtime } from '@livekit/agents-plugin-openai';
import type { Environment } from './environment.ts';
import { createGuardedModel, watchModel } from './guards/guarded-model.ts';
import type { ModelWatcher } from './guards/session-internals.ts';

/** The model hears the end of a turn itself; half a second of silence is one. */
const TURN_DETECTION = {
  type: 'server_vad',
  threshold: 0.5,
  prefix_padding_ms: 300,
  silence_duration_ms: 500,
  create_response: true,
  interrupt_response: true,
} as const;

/** Enough for a chain of five calls with something to spare; the framework's own limit is three. */
const MAX_TOOL_STEPS = 8;

export interface VoiceModel {
  model: realtime.RealtimeModel;
  /** The live session; there is one from the start of the agent session on. */
  session: () => realtime.RealtimeSession;
}

/**
 * The realtime model for one conversation. The temperature of an agent configuration is not sent: the
 * Realtime API has none.
 * @param voice one of the voices of the Realtime API; fixed for the length of a session
 * @param watcher hears of every failure of the model
 */
export function createVoiceModel(environment: Environment, voice: string, watcher: ModelWatcher): VoiceModel {
  let current: realtime.RealtimeSession | null = null;
  const model = createGuardedModel(
    {
      model: environment.OPENAI_REALTIME_MODEL,
      apiKey: environment.OPENAI_API_KEY,
      baseURL: environment.OPENAI_BASE_URL,
      voice,
      turnDetection: TURN_DETECTION,
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
