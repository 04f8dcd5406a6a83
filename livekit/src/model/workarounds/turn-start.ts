/**
 * Bug: The plugin does not report when the user began to speak. The framework dates the turn by its transcript, which
 * comes after the answer: questions are stored behind their answers.
 * Upstream: docs/upstream/turn-start.md
 * Remove when the "still needed" test of "a spoken turn of the user" in items.test.ts fails.
 */
import type { Workaround, SessionInternals } from './session-internals.ts';

/** When the turns without a transcript began, by session and item (wall clock, in ms). */
const starts = new WeakMap<SessionInternals, Map<string, number>>();

export const turnStartWorkaround: Workaround = (prototype) => {
  const { runWs, handleInputAudioBufferSpeechStarted, emit } = prototype;

  prototype.runWs = async function (this: SessionInternals, socket) {
    starts.set(this, new Map());
    await runWs.call(this, socket);
  };

  prototype.handleInputAudioBufferSpeechStarted = function (this: SessionInternals, event) {
    starts.get(this)?.set(event.item_id, Date.now());
    handleInputAudioBufferSpeechStarted.call(this, event);
  };

  prototype.emit = function (this: SessionInternals, name, ...args) {
    if (name !== 'input_audio_transcription_completed') return emit.call(this, name, ...args);
    const [transcription] = args as [{ itemId: string; isFinal: boolean }];
    const turnStartedAt = starts.get(this)?.get(transcription.itemId);
    if (transcription.isFinal) starts.get(this)?.delete(transcription.itemId);
    return emit.call(this, name, { ...transcription, turnStartedAt });
  };
};
