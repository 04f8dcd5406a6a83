export interface CardResult {
  about: 'name' | 'people' | 'invite' | 'tags' | 'transcripts' | 'end';
  done?: string;
  message?: string;
  hint?: string;
  errors?: Record<string, string[]>;
  /** An invitation link, shown only once. */
  link?: string;
  typed?: { role: string; email: string };
}
