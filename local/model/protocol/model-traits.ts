const REALTIME_MODEL = /^gpt-realtime(-mini|-1\.5|-2|-2\.1|-2\.1-mini)?(-\d{4}-\d{2}-\d{2})?$/;

export function isRealtimeModel(model: string): boolean {
  return REALTIME_MODEL.test(model);
}

/** `gpt-realtime-2` and later models reason; `gpt-realtime-2025-08-28` is a snapshot of the first one, which does not. */
export function isReasoningModel(model: string): boolean {
  return /^gpt-realtime-2(?!\d)/.test(model);
}
