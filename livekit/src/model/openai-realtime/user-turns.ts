import type { realtime } from '@livekit/agents-plugin-openai';
import type { UserTurnActivity } from '@patchbay/shared/contract/schema/activity';
import { z } from 'zod';

const Started = z.object({ type: z.literal('input_audio_buffer.speech_started'), item_id: z.string() });
const TRANSCRIPTION = 'conversation.item.input_audio_transcription';
const Transcribed = z.object({
  type: z.enum([`${TRANSCRIPTION}.completed`, `${TRANSCRIPTION}.failed`]),
  item_id: z.string(),
  transcript: z.string().optional(),
});

/**
 * Announces when the user starts to speak, so that the page can keep a place for the transcript, which comes after the
 * answer has begun. A turn without a transcript is retracted.
 * @param session the plugin's session
 */
export function announceUserTurns(
  session: Pick<realtime.RealtimeSession, 'on'>,
  announce: (activity: UserTurnActivity) => void,
): void {
  const open = new Set<string>();
  const retract = (id: string) => {
    if (open.delete(id)) announce({ type: 'user_turn', id, phase: 'unheard' });
  };
  session.on('openai_server_event_received', (event: unknown) => {
    const started = Started.safeParse(event);
    if (started.success) {
      const id = started.data.item_id;
      open.add(id);
      announce({ type: 'user_turn', id, phase: 'started' });
    }
    const transcribed = Transcribed.safeParse(event);
    if (!transcribed.success) return;
    const { item_id, transcript } = transcribed.data;
    if (transcript?.trim()) open.delete(item_id);
    else retract(item_id);
  });
  // What was said into a connection that ended is never transcribed.
  session.on('session_reconnected', () => [...open].forEach(retract));
}
