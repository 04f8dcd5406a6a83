/**
 * Bug: A call with empty arguments, which a model may send for a tool without parameters, is dropped, and the turn stays
 * silent.
 * Upstream: docs/upstream/empty-arguments.md
 * Remove when the "still needed" test of "a function call without arguments" in calls.test.ts fails.
 */
import type { Workaround, SessionInternals } from './session-internals.ts';

export const emptyArgumentsWorkaround: Workaround = (prototype) => {
  const { handleResponseOutputItemDone } = prototype;
  prototype.handleResponseOutputItemDone = function (this: SessionInternals, event) {
    const { item } = event;
    const isEmpty = item.type === 'function_call' && !item.arguments;
    handleResponseOutputItemDone.call(
      this,
      isEmpty ? { ...event, item: { ...item, arguments: '{}' } } : event,
    );
  };
};
