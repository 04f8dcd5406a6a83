const TIMEOUT_MS = 10_000;

export interface Answer {
  /** Null if there was no response; `reason` says why. */
  status: number | null;
  reason?: string;
  body: unknown;
  headers: Headers;
}

/** One request that never throws; a body that is no JSON is text. Redirects are answers, not followed. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { redirect: 'manual', signal, ...init });
    const text = await response.text();
    return { status: response.status, body: jsonOrText(text), headers: response.headers };
  } catch (error) {
    return { status: null, reason: reasonOf(error), body: null, headers: new Headers() };
  }
}

/** A code, never a message: those of foreign errors may quote what they were called with. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const cause = error.cause ?? error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.name;
}

export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
