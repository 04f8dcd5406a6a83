/**
 * Sentences that the worker has the agent say: fillers, updates, the goodbye. They are out-of-band responses: the model
 * reads the sentence but not the conversation, and keeps neither, so each costs some fifty tokens. The transcript has them;
 * what the model has to know about them is in a system line.
 */
import type { voice } from '@livekit/agents';
import { sayingInstructions } from '../../calls/speech.ts';
import { memoryOf } from '../history.ts';
import { outOfBand } from '../workarounds/out-of-band.ts';

type Session = Pick<voice.AgentSession, 'generateReply' | 'history' | 'currentAgent'>;

/**
 * Has the agent say a sentence in the user's language when it may speak.
 * @throws Error when the agent session is closing
 */
export function say(session: Session, sentence: string): voice.SpeechHandle {
  const { history, currentAgent } = session;
  const heard = history.items.findLast((item) => item.type === 'message' && item.role === 'user');
  const lastWords = heard?.type === 'message' ? heard.textContent : undefined;
  // Any other choice of tools, also the default inside a tool, costs two updates of the model's session.
  const speech = session.generateReply({
    instructions: outOfBand(sayingInstructions(sentence, lastWords)),
    toolChoice: 'auto',
  });
  speech.addDoneCallback(() => {
    const said = new Set(speech.chatItems.map(({ id }) => id));
    // The model doesn't keep the sentence, and history is trimmed by what the model keeps.
    for (const context of [memoryOf(currentAgent), history])
      context.items = context.items.filter(({ id }) => !said.has(id));
  });
  return speech;
}
