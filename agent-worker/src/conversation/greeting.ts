import { voice } from '@livekit/agents';
import { greetingInstructions } from './prompt.ts';

/** A model that is slow to greet does not hold up what waits for the greeting. */
const HEARD_WITHIN_MS = 1_500;
/** The first sound is with the user by then; what held up the frames before would hold up the greeting. */
const ON_ITS_WAY_MS = 400;

/**
 * Has the agent greet, in the words of its configuration.
 * @throws Error when the session is at its end already
 * @returns resolves when its first sound is with the user, or could have been; at once without words
 */
export function greet(session: voice.AgentSession, words: string | null): Promise<void> {
  const instructions = greetingInstructions(words);
  if (!instructions) return Promise.resolve();
  session.generateReply({ instructions });
  const { promise, resolve } = Promise.withResolvers<void>();
  let timer = setTimeout(resolve, HEARD_WITHIN_MS);
  const onState = ({ newState }: voice.AgentStateChangedEvent) => {
    if (newState !== 'speaking') return;
    clearTimeout(timer);
    timer = setTimeout(resolve, ON_ITS_WAY_MS);
  };
  session.on(voice.AgentSessionEventTypes.AgentStateChanged, onState);
  return promise.finally(() => {
    clearTimeout(timer);
    session.off(voice.AgentSessionEventTypes.AgentStateChanged, onState);
  });
}
