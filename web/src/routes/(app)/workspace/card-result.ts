/** What the workspace page's actions answer, for the card it belongs to. */
export interface CardResult {
  about: 'name' | 'people' | 'invite' | 'tags' | 'transcripts' | 'end';
  /** What was done, in words. */
  done?: string;
  message?: string;
  hint?: string;
  errors?: Record<string, string[]>;
  /** An invitation, told this once. */
  link?: string;
  typed?: { role: string; email: string };
}
