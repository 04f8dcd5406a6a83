import type { ServerFormValues } from './form-values.ts';

/** What was typed into a form that was left without saving, for this tab only. Never holds a credential. */
const keyOf = (id: string) => `draft:server:${id}`;

/** Keeps what was typed; a browser that refuses storage loses it when the page goes. */
export function keepDraft(id: string, values: ServerFormValues): void {
  try {
    sessionStorage.setItem(keyOf(id), JSON.stringify(values));
  } catch {
    // Private windows and full storage: the form still works.
  }
}

export function dropDraft(id: string): void {
  try {
    sessionStorage.removeItem(keyOf(id));
  } catch {
    // As above.
  }
}

/** @returns the fields of a kept draft that the form still has; null when there is none */
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
