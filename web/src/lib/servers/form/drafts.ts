import type { ServerFormValues } from './form-values.ts';

/** Drafts of unsaved forms, for this tab only. Never contains a credential. */
const keyOf = (id: string) => `draft:server:${id}`;

export function keepDraft(id: string, values: ServerFormValues): void {
  try {
    sessionStorage.setItem(keyOf(id), JSON.stringify(values));
  } catch {
    // The form works without storage too, as in private windows.
  }
}

export function dropDraft(id: string): void {
  try {
    sessionStorage.removeItem(keyOf(id));
  } catch {
    // As above.
  }
}

/** @returns the fields of a draft that the form still has; null if there is no draft */
export function readDraft(id: string, fields: ServerFormValues): ServerFormValues | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(keyOf(id)) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return null;
    const known = Object.entries(kept).filter(
      ([field, value]) => field in fields && typeof value === typeof fields[field as keyof ServerFormValues],
    );
    return { ...fields, ...(Object.fromEntries(known) as Partial<ServerFormValues>) };
  } catch {
    return null;
  }
}
