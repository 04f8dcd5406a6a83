// What depends on the model's name.

/** `gpt-realtime-2` and later models reason; `gpt-realtime-2025-08-28` is a snapshot of the first one, which does not. */
export function isReasoningModel(model: string): boolean {
  return /^gpt-realtime-2(?!\d)/.test(model);
}
