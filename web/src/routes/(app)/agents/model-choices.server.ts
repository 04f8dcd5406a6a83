import { REASONING_EFFORTS, VOICES } from '@patchbay/shared/contract/schema/agent-config';
import { DEFAULT_REALTIME_MODEL } from '@patchbay/shared/contract/voice-models';
import type { ModelChoices } from '$lib/agents/form-values.ts';

/** Languages that OpenAI's transcription models handle well, as ISO 639 codes. */
const LANGUAGES =
  'af ar az be bg bs ca cs cy da de el en es et fa fi fr gl he hi hr hu hy id is it ja kk kn ko lt lv mi mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tl tr uk ur vi zh'.split(
    ' ',
  );

const languageNames = new Intl.DisplayNames('en', { type: 'language', fallback: 'code' });

/**
 * The choices of the agent form.
 * @param chosen the agent's current language, included even if it has a region, such as pt-BR
 */
export function modelChoices(chosen = ''): ModelChoices {
  const codes = chosen === '' || LANGUAGES.includes(chosen) ? LANGUAGES : [...LANGUAGES, chosen];
  return {
    voices: [...VOICES],
    models: [DEFAULT_REALTIME_MODEL, `${DEFAULT_REALTIME_MODEL}-mini`],
    efforts: [...REASONING_EFFORTS],
    languages: codes
      .map((code) => ({ code, name: nameOf(code) }))
      .sort((a, b) => a.name.localeCompare(b.name, 'en')),
  };
}

/** The database accepts tags without a language, such as en-12; `Intl` throws for some of them. */
function nameOf(code: string): string {
  try {
    return languageNames.of(code) ?? code;
  } catch {
    return code;
  }
}
