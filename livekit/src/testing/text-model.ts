import { DEFAULT_REALTIME_MODEL, DEFAULT_TRANSCRIPTION_MODEL } from '@patchbay/shared/contract/voice-models';
import { OpenAIRealtime, type OpenAIRealtimeOptions } from '../model/openai-realtime/openai-realtime.ts';
import type { FakeModel } from './fake-model.ts';
import { sessionSnapshot } from './snapshot.ts';

/** A model that has nothing to say about its failures. */
export const NO_WATCHER = {
  onFatal: () => {},
  onUnanswered: () => {},
  onDisconnected: () => {},
  onConnected: () => {},
};

/** What a deployment sets, to reach the fake model. */
export function deploymentOf(fake: FakeModel) {
  return {
    OPENAI_API_KEY: 'key',
    OPENAI_BASE_URL: fake.url,
    OPENAI_REALTIME_MODEL: DEFAULT_REALTIME_MODEL,
    OPENAI_TRANSCRIPTION_MODEL: DEFAULT_TRANSCRIPTION_MODEL,
    OPENAI_NOISE_REDUCTION: 'near_field',
  } as const;
}

/** The adapter for the Realtime API in text, with the fake model at the other end of a real socket. */
export function textModel(fake: FakeModel, options: Partial<OpenAIRealtimeOptions> = {}): OpenAIRealtime {
  return new OpenAIRealtime({
    deployment: deploymentOf(fake),
    agent: sessionSnapshot([]).agent,
    instructions: 'Test.',
    watcher: NO_WATCHER,
    modalities: ['text'],
    ...options,
  });
}
