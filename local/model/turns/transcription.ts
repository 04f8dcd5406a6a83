// Source: `AudioTranscription` and the turn detection guide of OpenAI's API.
import { z } from 'zod';
import type { Complaint } from '../protocol/complaint.ts';
import type { TurnDetection } from '../protocol/turn-detection-settings.ts';

/** These take context as lists, and `languages` instead of `language`. */
const WITH_CONTEXT = ['gpt-transcribe', 'gpt-live-transcribe'];
/** Streaming models need a client that ends the turns. */
const WITHOUT_TURN_DETECTION = ['gpt-live-transcribe', 'gpt-realtime-whisper'];
const MODELS = [
  ...WITH_CONTEXT,
  'gpt-realtime-whisper',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-4o-mini-transcribe-2025-12-15',
  'gpt-4o-transcribe-diarize',
  'whisper-1',
] as const;

const Language = z.string().regex(/^[a-z]{2,3}$/);

export const Transcription = z
  .strictObject({
    model: z.enum(MODELS),
    language: Language.optional(),
    languages: z.array(Language).optional(),
    keywords: z.array(z.string()).optional(),
    prompt: z.string().optional(),
    delay: z.enum(['minimal', 'low', 'medium', 'high', 'xhigh']).optional(),
  })
  .superRefine(({ model, language, languages, keywords, delay }, context) => {
    const takesContext = WITH_CONTEXT.includes(model);
    const unsupported = Object.entries({
      language: language !== undefined && takesContext,
      languages: languages !== undefined && !takesContext,
      keywords: keywords !== undefined && !takesContext,
      delay: delay !== undefined && !WITHOUT_TURN_DETECTION.includes(model),
    });
    for (const [name, isUnsupported] of unsupported) {
      if (!isUnsupported) continue;
      const message = `Unsupported parameter: 'session.audio.input.transcription.${name}' is not supported with '${model}'.`;
      context.addIssue({ code: 'custom', path: [name], message, params: { code: 'unsupported_parameter' } });
    }
  });
export type Transcription = z.infer<typeof Transcription>;

/** The error of a transcription model that doesn't work with the session's turn detection. */
export function transcriptionComplaint(input: {
  transcription: Transcription | null;
  turn_detection: TurnDetection | null;
}): Complaint | undefined {
  const { transcription, turn_detection } = input;
  if (!transcription || !turn_detection || !WITHOUT_TURN_DETECTION.includes(transcription.model))
    return undefined;
  const param = 'session.audio.input.turn_detection';
  const message = `Invalid value for '${param}': turn detection is not supported with '${transcription.model}'.`;
  return { code: 'invalid_value', message, param };
}
