import { voice } from '@livekit/agents';

/** For the model to answer; everything else waits no longer for the greeting than this. */
const HEARD_WITHIN_MS = 2_000;

/** What greeting needs of an agent session. */
type Speaker = Pick<voice.AgentSession, 'generateReply' | 'on' | 'off'>;

/** What the model is asked to do first; null when the configuration has no greeting. */
export function greetingInstructions(greeting: string | null): string | null {
  const words = greeting?.trim();
  return words ? `Greet the user with: "${words}"` : null;
}

/**
 * Has the agent greet the user. Resolves when the first sound is on its way, or is late: until then nothing else
 * should ask much of this process, since a person waits in silence. At once when there is no greeting.
 */
export async function greet(session: Speaker, greeting: string | null): Promise<void> {
  const instructions = greetingInstructions(greeting);
  if (!instructions) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const hear = ({ newState }: voice.AgentStateChangedEvent): void => {
    if (newState === 'speaking') resolve();
  };
  session.on(voice.AgentSessionEventTypes.AgentStateChanged, hear);
  const late = setTimeout(resolve, HEARD_WITHIN_MS);
  session.generateReply({ instructions });
  await promise;
  clearTimeout(late);
  session.off(voice.AgentSessionEventTypes.AgentStateChanged, hear);
}
