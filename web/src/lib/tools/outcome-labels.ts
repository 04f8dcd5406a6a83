import type { ToolCallOutcome } from '@patchbay/shared/contract/schema/session';
import type { Tone } from '../servers/state-labels.ts';

export const OUTCOME_LABELS: Record<ToolCallOutcome, { word: string; tone: Tone }> = {
  ok: { word: 'Succeeded', tone: 'ok' },
  tool_error: { word: 'Tool error', tone: 'bad' },
  timeout: { word: 'Timed out', tone: 'bad' },
  cancelled: { word: 'Canceled', tone: 'off' },
  unavailable: { word: 'Unavailable', tone: 'bad' },
  refused: { word: 'Blocked', tone: 'warn' },
};
