import { voice } from '@livekit/agents';

/** A model that is slow to greet does not hold the servers up for longer. */
const GREETING_WITHIN_MS = 2_000;

/** Resolves when the agent begins to speak, or could have. */
export function firstWords(session: voice.AgentSession): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onState = ({ newState }: voice.AgentStateChangedEvent) => {
    if (newState === 'speaking') resolve();
  };
  session.on(voice.AgentSessionEventTypes.AgentStateChanged, onState);
  const timer = setTimeout(resolve, GREETING_WITHIN_MS).unref();
  return promise.finally(() => {
    clearTimeout(timer);
    session.off(voice.AgentSessionEventTypes.AgentStateChanged, onState);
  });
}
