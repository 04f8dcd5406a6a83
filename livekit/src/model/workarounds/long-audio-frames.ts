/**
 * Missing: the frame size of the microphone input. Frames of 10 ms pass through five streams a hundred times a second, only
 * to be put together again: half of the CPU of a conversation that listens.
 * Upstream: docs/upstream/audio-frame-size.md
 */
import { AudioStream, type RemoteTrack } from '@livekit/rtc-node';
import { ParticipantAudioInputStream } from '../../../../node_modules/@livekit/agents/dist/voice/room_io/_input.js';

/** The plugin sends the model 100 ms of audio at a time. */
const FRAME_MS = 100;

interface InputInternals {
  sampleRate: number;
  numChannels: number;
  createStream: (track: RemoteTrack) => AudioStream;
}

/** Makes the user's audio come in frames of 100 ms. */
export function useLongAudioFrames(
  // The method is private to the framework's types, not to its objects.
  prototype = ParticipantAudioInputStream.prototype as unknown as InputInternals,
): void {
  prototype.createStream = function (this: InputInternals, track) {
    const { sampleRate, numChannels } = this;
    return new AudioStream(track, { sampleRate, numChannels, frameSizeMs: FRAME_MS });
  };
}
