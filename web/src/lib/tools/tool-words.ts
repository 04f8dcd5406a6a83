import type { ToolAnnotations } from '@patchbay/shared/schema/tool';
import type { Tone } from '../servers/state-words.ts';

export interface Badge {
  word: string;
  tone: Tone;
  /** What the claim means. */
  title: string;
}

/** The claims of a server about its tool, in words. Absent claims are not guessed at. */
export function annotationBadges(annotations: ToolAnnotations | null): Badge[] {
  if (!annotations) return [];
  const badges: Badge[] = [];
  if (annotations.readOnlyHint === true) {
    badges.push({ word: 'only reads', tone: 'ok', title: 'The server says that this tool changes nothing.' });
  } else if (annotations.destructiveHint === true) {
    badges.push({
      word: 'may destroy',
      tone: 'warn',
      title: 'The server says that this tool may delete or overwrite.',
    });
  }
  if (annotations.idempotentHint === true && annotations.readOnlyHint !== true) {
    badges.push({
      word: 'repeatable',
      tone: 'off',
      title: 'The server says that calling it twice does no more than once.',
    });
  }
  if (annotations.openWorldHint === true) {
    badges.push({
      word: 'reaches out',
      tone: 'off',
      title: 'The server says that this tool deals with the outside world.',
    });
  }
  return badges;
}
