import { describe, expect, it } from 'vitest';
import {
  DEFAULT_REALTIME_MODEL,
  DEFAULT_TRANSCRIPTION_MODEL,
  takesLanguageList,
  takesReasoning,
  worksWithTurnDetection,
} from './voice-models.ts';

describe('models by name', () => {
  it.each([
    [DEFAULT_REALTIME_MODEL, true],
    ['gpt-realtime-2', true],
    ['gpt-realtime-2.1-mini', true],
    ['gpt-realtime-2-2026-05-07', true],
    ['gpt-realtime', false],
    ['gpt-realtime-1.5', false],
    ['gpt-realtime-2025-08-28', false],
    ['my-deployment', false],
  ])('reasoning is for %s: %s', (model, expected) => {
    expect(takesReasoning(model)).toBe(expected);
  });

  it.each([
    [DEFAULT_TRANSCRIPTION_MODEL, true],
    ['gpt-4o-mini-transcribe', true],
    ['gpt-live-transcribe', false],
    ['gpt-realtime-whisper', false],
    ['gpt-realtime-whisper-2026-05-07', false],
  ])('turn detection works with %s: %s', (model, expected) => {
    expect(worksWithTurnDetection(model)).toBe(expected);
  });

  it.each([
    [DEFAULT_TRANSCRIPTION_MODEL, true],
    ['gpt-live-transcribe', true],
    ['gpt-4o-transcribe', false],
    ['whisper-1', false],
  ])('%s takes a list of languages: %s', (model, expected) => {
    expect(takesLanguageList(model)).toBe(expected);
  });
});
