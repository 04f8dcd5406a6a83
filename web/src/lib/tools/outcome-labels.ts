import type { ToolCallOutcome } from '@patchbay/shared/contract/schema/session';
import type { Tone } from '../servers/state-labels.ts';

export const OUTCOME_WORDS: Record<ToolCallOutcome, { word: string; tone: Tone }> = {
  ok: { word: 'done', tone: 'ok' },
  tool_error: { word: 'the tool reported an error', tone: 'bad' },
  timeout: { word: 'took too long', tone: 'bad' },
  cancelled: { word: 'cancelled', tone: 'off' },
  unavailable: { word: 'not available', tone: 'bad' },
  refused: { word: 'refused', tone: 'warn' },
};
