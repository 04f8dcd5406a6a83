/** A request of ours, as far as reading its response needs it. */
export interface SentRequest {
  id: string | number;
  method: string;
  params?: Record<string, unknown> | undefined;
}

/**
 * Makes one message of a server fit for the SDK's schemas.
 * @param raw the parsed JSON of one message; batches are split before
 * @param _request what the message responds to; null for a server's own requests and notifications
 * @returns the message; the same object when nothing had to change
 */
export function normalizeMessage(raw: unknown, _request: SentRequest | null): unknown {
  return raw;
}
