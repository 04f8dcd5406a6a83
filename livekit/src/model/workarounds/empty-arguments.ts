/**
 * Defect: a call whose arguments are the empty string, which a model may send for a tool without
 * parameters, is dropped, and the turn stays silent.
 * Upstream: not reported when this was written (plugin 1.9.0).
 * Removable when "a call without arguments" in connection.test.ts passes without this workaround.
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
