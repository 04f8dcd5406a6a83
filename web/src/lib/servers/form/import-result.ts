import type { AuthMethod } from '@patchbay/shared/contract/schema/server';
import type { Result } from '../../server/result.ts';

/** A server found in a pasted file, without its key or token. */
export interface FoundEntry {
  key: string;
  name: string;
  url: string;
  authMethod: AuthMethod;
  hasCredential: boolean;
  notes: string[];
}

/** A pasted file, as far as the page may show it. */
export interface ShownFile {
  found: FoundEntry[];
  refused: { key: string; reason: string }[];
}

/** The result of importing one entry. */
export type ImportResult = Result<{ id: string; name: string; note: string | null }> & { key: string };
