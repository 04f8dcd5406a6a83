import { describe, expect, it } from 'vitest';
import type { AgentSettings } from '../voice-model.ts';
import { fixedSettings, listeningSettings, turnSettlesMs } from './model-settings.ts';

const deployment = {
  OPENAI_REALTIME_MODEL: 'gpt-realtime-2.1',
  OPENAI_TRANSCRIPTION_MODEL: 'gpt-transcribe',
  OPENAI_NOISE_REDUCTION: 'off',
} as const;
const plain: AgentSettings = {
  voice_model: 'coral',
  model: null,
  reasoning_effort: null,
  turn_detection: 'fast',
  turn_eagerness: 'auto',
  language: null,
};

describe('the settings that stay for a conversation', () => {
  it('are those of the deployment where the agent has none', () => {
    expect(fixedSettings(deployment, plain)).toEqual({ model: 'gpt-realtime-2.1', voice: 'coral' });
  });

  it('are those of the agent where it has some', () => {
    const agent: AgentSettings = { ...plain, model: 'gpt-realtime-2.1-mini', reasoning_effort: 'low' };
    expect(fixedSettings(deployment, agent)).toEqual({
      model: 'gpt-realtime-2.1-mini',
      voice: 'coral',
      reasoning: { effort: 'low' },
    });
  });

  it('leave reasoning out for a model that rejects it', () => {
    for (const model of ['gpt-realtime', 'gpt-realtime-2025-08-28'])
      expect(fixedSettings(deployment, { ...plain, model, reasoning_effort: 'high' })).toEqual({
        model,
        voice: 'coral',
      });
  });
});

describe('how the model listens', () => {
  it('ends a turn after half a second of silence, and always transcribes', () => {
    expect(listeningSettings(deployment, plain)).toEqual({
      turnDetection: {
        type: 'server_vad',
        threshold: 0.5,
        prefix_padding_ms: 300,
        silence_duration_ms: 500,
        create_response: true,
        interrupt_response: true,
      },
      inputAudioTranscription: { model: 'gpt-transcribe' },
      inputAudioNoiseReduction: null,
    });
  });

  it('ends a turn by its meaning, as eagerly as the agent should', () => {
    const agent: AgentSettings = { ...plain, turn_detection: 'semantic', turn_eagerness: 'low' };
    expect(listeningSettings(deployment, agent).turnDetection).toEqual({
      type: 'semantic_vad',
      eagerness: 'low',
      create_response: true,
      interrupt_response: true,
    });
  });

  it('names the language without its region, in the form that the transcription model takes', () => {
    const agent = { ...plain, language: 'pt-BR' };
    const older = { ...deployment, OPENAI_TRANSCRIPTION_MODEL: 'gpt-4o-transcribe' };
    expect(listeningSettings(deployment, agent).inputAudioTranscription).toEqual({
      model: 'gpt-transcribe',
      languages: ['pt'],
    });
    expect(listeningSettings(older, agent).inputAudioTranscription).toEqual({
      model: 'gpt-4o-transcribe',
      language: 'pt',
    });
  });

  it('reduces noise as the deployment says', () => {
    const quiet = { ...deployment, OPENAI_NOISE_REDUCTION: 'far_field' } as const;
    expect(listeningSettings(quiet, plain).inputAudioNoiseReduction).toEqual({ type: 'far_field' });
  });
});

it('semantic turn detection may wait for more words before the model answers, and fast does not', () => {
  const waits = (['high', 'auto', 'medium', 'low'] as const).map((turn_eagerness) =>
    turnSettlesMs({ ...plain, turn_detection: 'semantic', turn_eagerness }),
  );
  expect(waits).toEqual([2_500, 4_500, 4_500, 8_500]);
  expect(turnSettlesMs({ ...plain, turn_eagerness: 'low' })).toBe(500);
});
