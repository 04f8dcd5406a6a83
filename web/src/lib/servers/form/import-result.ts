import type { AuthMethod } from '@patchbay/shared/contract/schema/server';
import type { Result } from '../../server/result.ts';

export interface FoundEntry {
  key: string;
  name: string;
  url: string;
  authMethod: AuthMethod;
  hasCredential: boolean;
  notes: string[];
}

export interface ShownFile {
  found: FoundEntry[];
  refused: { key: string; reason: string }[];
}

export type ImportResult = Result<{ id: string; name: string; note: string | null }> & { key: string };
