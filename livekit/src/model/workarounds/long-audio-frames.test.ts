import { initializeLogger } from '@livekit/agents';
import { Room, type RemoteTrack } from '@livekit/rtc-node';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ParticipantAudioInputStream } from '../../../../node_modules/@livekit/agents/dist/voice/room_io/_input.js';
import { useLongAudioFrames } from './long-audio-frames.ts';

const opened = vi.hoisted(() => [] as { track: unknown; options: unknown }[]);
vi.mock('@livekit/rtc-node', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  AudioStream: class {
    constructor(track: unknown, options: unknown) {
      opened.push({ track, options });
      return new ReadableStream();
    }
  },
}));

beforeAll(() => initializeLogger({ pretty: false, level: 'silent' }));
beforeEach(() => {
  opened.length = 0;
});

it("the framework's microphone input reads audio in frames of 100 ms", async () => {
  useLongAudioFrames();
  const room = new Room();
  const input = new ParticipantAudioInputStream({ room, sampleRate: 24_000, numChannels: 1 });
  const track = {} as RemoteTrack;
  // As the framework does after it subscribed to a track.
  (input as unknown as { openStream: (track: RemoteTrack) => void }).openStream(track);
  expect(opened).toEqual([{ track, options: { sampleRate: 24_000, numChannels: 1, frameSizeMs: 100 } }]);
});
