import type { realtime } from '@livekit/agents-plugin-openai';
import { takesLanguageList, takesReasoning } from '@patchbay/shared/contract/voice-models';
import type { AgentSettings } from '../voice-model.ts';

export interface Deployment {
  OPENAI_API_KEY: string;
  OPENAI_BASE_URL?: string | undefined;
  OPENAI_REALTIME_MODEL: string;
  OPENAI_TRANSCRIPTION_MODEL: string;
  OPENAI_NOISE_REDUCTION: 'near_field' | 'far_field' | 'off';
}
type ModelOptions = NonNullable<ConstructorParameters<typeof realtime.RealtimeModel>[0]>;

/** How the model listens, in the plugin's options; may change during a conversation. */
export type Listening = Required<
  Pick<ModelOptions, 'turnDetection' | 'inputAudioTranscription' | 'inputAudioNoiseReduction'>
>;

/** A turn ends after this much silence when turn detection is fast. */
const SILENCE_MS = 500;

/** The model's own answer, if any, begins within this time after a turn. */
const ANSWER_BEGINS_WITHIN_MS = 500;

/** The longest wait of semantic turn detection; source: the API reference of `semantic_vad`. */
const LONGEST_WAIT_MS = { high: 2_000, medium: 4_000, auto: 4_000, low: 8_000 } as const;

/** What is fixed for the length of a conversation. */
export function fixedSettings(
  deployment: Pick<Deployment, 'OPENAI_REALTIME_MODEL'>,
  { model: own, voice_model: voice, reasoning_effort: effort }: AgentSettings,
): Pick<ModelOptions, 'model' | 'voice' | 'reasoning'> & { model: string } {
  const model = own ?? deployment.OPENAI_REALTIME_MODEL;
  // The plugin checks the name too, but takes dated snapshots of the first generation for the second
  // (docs/upstream/reasoning-model.md).
  return { model, voice, ...(effort && takesReasoning(model) && { reasoning: { effort } }) };
}

/** How the model listens to the user. Always with a transcription, which distinguishes words from a cough. */
export function listeningSettings(
  deployment: Pick<Deployment, 'OPENAI_TRANSCRIPTION_MODEL' | 'OPENAI_NOISE_REDUCTION'>,
  agent: AgentSettings,
): Listening {
  const { OPENAI_TRANSCRIPTION_MODEL: model, OPENAI_NOISE_REDUCTION: noise } = deployment;
  return {
    turnDetection: turnDetection(agent),
    inputAudioTranscription: { model, ...languageOf(model, agent.language) },
    inputAudioNoiseReduction: noise === 'off' ? null : { type: noise },
  };
}

/**
 * How long after the user stopped the model's own answer may begin, in ms. Semantic turn detection may report the end of
 * speech before the end of the turn, so its wait is included.
 */
export function turnSettlesMs({ turn_detection, turn_eagerness }: AgentSettings): number {
  return ANSWER_BEGINS_WITHIN_MS + (turn_detection === 'semantic' ? LONGEST_WAIT_MS[turn_eagerness] : 0);
}

function turnDetection({ turn_detection, turn_eagerness }: AgentSettings): Listening['turnDetection'] {
  const answers = { create_response: true, interrupt_response: true };
  if (turn_detection === 'semantic') return { type: 'semantic_vad', eagerness: turn_eagerness, ...answers };
  return {
    type: 'server_vad',
    threshold: 0.5,
    prefix_padding_ms: 300,
    silence_duration_ms: SILENCE_MS,
    ...answers,
  };
}

/** Transcription takes languages without script and region. */
function languageOf(model: string, tag: string | null): { language?: string; languages?: string[] } {
  const language = tag?.split('-')[0]?.toLowerCase();
  if (!language) return {};
  return takesLanguageList(model) ? { languages: [language] } : { language };
}
