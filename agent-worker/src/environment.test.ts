import { describe, expect, it } from 'vitest';
import { EnvironmentError, readEnvironment } from './environment.ts';

const complete = {
  SUPABASE_URL: 'http://127.0.0.1:4101',
  SUPABASE_SECRET_KEY: 'sb_secret_x',
  LIVEKIT_URL: 'ws://127.0.0.1:4104',
  LIVEKIT_API_KEY: 'devkey',
  LIVEKIT_API_SECRET: 'secret',
  OPENAI_API_KEY: 'very-secret-value',
  PATCHBAY_SECRETS_KEYS: 'a:b',
};

describe('the environment of the worker', () => {
  it('has defaults for everything that is not an address or a key', () => {
    expect(readEnvironment(complete)).toMatchObject({
      OPENAI_REALTIME_MODEL: 'gpt-realtime-2.1',
      OPENAI_TRANSCRIPTION_MODEL: 'gpt-transcribe',
      OPENAI_NOISE_REDUCTION: 'off',
      PATCHBAY_AGENT_NAME: 'patchbay',
      PATCHBAY_ADDRESS_POLICY: 'public',
      PATCHBAY_IDLE_TIMEOUT_MS: 0,
    });
  });

  it('takes a lower budget of tokens for tools, and no nonsense', () => {
    expect(readEnvironment(complete).PATCHBAY_TOOL_TOKENS).toBeUndefined();
    expect(readEnvironment({ ...complete, PATCHBAY_TOOL_TOKENS: '4000' }).PATCHBAY_TOOL_TOKENS).toBe(4_000);
    for (const wrong of ['-1', 'many'])
      expect(() => readEnvironment({ ...complete, PATCHBAY_TOOL_TOKENS: wrong })).toThrow(
        'PATCHBAY_TOOL_TOKENS',
      );
  });

  it('takes 0 as no idle limit of its own', () => {
    expect(readEnvironment({ ...complete, PATCHBAY_IDLE_TIMEOUT_MS: '0' }).PATCHBAY_IDLE_TIMEOUT_MS).toBe(0);
    expect(() => readEnvironment({ ...complete, PATCHBAY_IDLE_TIMEOUT_MS: '-1' })).toThrow(EnvironmentError);
  });

  it('names everything that is missing, empty or wrong, and shows no value', () => {
    const broken = {
      ...complete,
      LIVEKIT_URL: '',
      SUPABASE_URL: undefined,
      PATCHBAY_ADDRESS_POLICY: 'any address',
      OPENAI_TRANSCRIPTION_MODEL: 'gpt-live-transcribe',
      OPENAI_NOISE_REDUCTION: 'loud',
    };
    let message = '';
    try {
      readEnvironment(broken);
    } catch (error) {
      expect(error).toBeInstanceOf(EnvironmentError);
      message = String(error);
    }
    for (const name of [
      'LIVEKIT_URL',
      'SUPABASE_URL',
      'PATCHBAY_ADDRESS_POLICY',
      'OPENAI_TRANSCRIPTION_MODEL',
      'OPENAI_NOISE_REDUCTION',
    ])
      expect(message).toContain(name);
    expect(message).not.toContain('very-secret-value');
  });
});
