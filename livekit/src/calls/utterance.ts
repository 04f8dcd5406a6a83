/**
 * Sentences that the worker has the agent say: fillers, updates, the goodbye. The model speaks them out of band: it
 * reads the sentence and nothing of the conversation, and keeps nothing of it, so each costs some fifty tokens
 * however long the conversation is. They are in the transcript like everything that was said; what the model has to know
 * of them goes to it in a system line.
 */
import type { voice } from '@livekit/agents';
import { outOfBand } from '../model/workarounds/out-of-band.ts';
import { memoryOf } from '../model/history.ts';
import { sayingInstructions } from './speech.ts';

type Session = Pick<voice.AgentSession, 'generateReply' | 'history' | 'currentAgent'>;

/**
 * Has the agent say this when it is its turn to speak, in the language of the user.
 * @throws Error when the agent session is at its end
 */
export function utter(session: Session, sentence: string): voice.SpeechHandle {
  const { history, currentAgent } = session;
  const heard = history.items.findLast((item) => item.type === 'message' && item.role === 'user');
  const lastWords = heard?.type === 'message' ? heard.textContent : undefined;
  // Any other choice of tools, and also the default inside a tool, is an update of the model's session and one back.
  const speech = session.generateReply({
    instructions: outOfBand(sayingInstructions(sentence, lastWords)),
    toolChoice: 'auto',
  });
  speech.addDoneCallback(() => {
    const said = new Set(speech.chatItems.map(({ id }) => id));
    // The framework would keep for good what the model does not hold: memory is trimmed by what the model holds.
    for (const context of [memoryOf(currentAgent), history])
      context.items = context.items.filter(({ id }) => !said.has(id));
  });
  return speech;
}
