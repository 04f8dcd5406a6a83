import type { SpeechVoice } from '../../speech/flite.ts';

/** The same name always sounds the same. */
const SPEECH_VOICE_OF = {
  alloy: 'kal16',
  ash: 'rms',
  ballad: 'awb',
  cedar: 'rms',
  coral: 'slt',
  echo: 'rms',
  marin: 'slt',
  sage: 'awb',
  shimmer: 'slt',
  verse: 'awb',
} as const satisfies Record<string, SpeechVoice>;

export type Voice = keyof typeof SPEECH_VOICE_OF;

export const VOICES = Object.keys(SPEECH_VOICE_OF) as [Voice, ...Voice[]]; // the keys of the object above

export function speechVoiceOf(voice: Voice): SpeechVoice {
  return SPEECH_VOICE_OF[voice];
}
