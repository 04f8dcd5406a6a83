/** What Patchbay knows about OpenAI's voice and transcription models by name. */

export const DEFAULT_REALTIME_MODEL = 'gpt-realtime-2.1';

/** Transcribes each turn when it ends, and works with turn detection. */
export const DEFAULT_TRANSCRIPTION_MODEL = 'gpt-transcribe';

/**
 * Whether a model takes `reasoning`; others reject it. `gpt-realtime-2025-08-28` is a snapshot of the first
 * generation, which doesn't reason.
 */
export function takesReasoning(model: string): boolean {
  return /^gpt-realtime-2(?!\d)/.test(model);
}

/**
 * Whether a transcription model works with turn detection, without which no turn of a caller ends.
 * Source: https://developers.openai.com/api/docs/guides/realtime-vad
 */
export function worksWithTurnDetection(transcriptionModel: string): boolean {
  return !/^(gpt-live-transcribe|gpt-realtime-whisper)(-|$)/.test(transcriptionModel);
}

/** Whether a transcription model takes a list of `languages`; the older ones take one `language`. */
export function takesLanguageList(transcriptionModel: string): boolean {
  return /^gpt-(live-)?transcribe(-|$)/.test(transcriptionModel);
}
