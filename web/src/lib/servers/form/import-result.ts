import type { AuthMethod } from '@patchbay/shared/contract/schema/server';

/** A server found in a pasted file, without its key or token. */
export interface FoundEntry {
  key: string;
  name: string;
  url: string;
  authMethod: AuthMethod;
  hasCredential: boolean;
  notes: string[];
}

export type ReadResult =
  | { ok: true; found: FoundEntry[]; refused: { key: string; reason: string }[] }
  | { ok: false; message: string };

export type ImportResult =
  | { ok: true; key: string; id: string; name: string; note: string | null }
  | { ok: false; key: string; message: string };
