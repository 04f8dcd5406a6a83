/**
 * Bug: A call that the model did not finish, because its response was canceled or reached its greatest length, is made
 * with the arguments so far.
 * Upstream: docs/upstream/cut-call.md
 * Remove when the "still needed" test of "an unfinished function call" in calls.test.ts fails.
 */
import type { realtime } from '@livekit/agents-plugin-openai';
import type { Workaround, SessionInternals } from './session-internals.ts';

/** Whether the model stopped in the middle of this item. */
export function isCut(item: realtime.ItemResource): boolean {
  return 'status' in item && item.status === 'incomplete';
}

export const cutCallsWorkaround: Workaround = (prototype) => {
  const { handleResponseOutputItemDone } = prototype;
  prototype.handleResponseOutputItemDone = function (this: SessionInternals, event) {
    const isCutCall = event.item.type === 'function_call' && isCut(event.item);
    if (!isCutCall) handleResponseOutputItemDone.call(this, event);
  };
};
