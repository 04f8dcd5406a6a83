/**
 * Missing: `truncation`. By default, a conversation that fills the model's window loses its oldest items before every
 * response, so no response finds a cached prefix. A retention ratio of 0.8, from OpenAI's cost guide, costs one cache miss
 * for each fifth of the window.
 * Source: https://platform.openai.com/docs/guides/realtime-costs#truncation
 * Upstream: docs/upstream/missing-options.md
 */
import type { Workaround, SessionInternals } from './session-internals.ts';

const TRUNCATION: object = { truncation: { type: 'retention_ratio', retention_ratio: 0.8 } };

export const truncationWorkaround: Workaround = (prototype) => {
  const { createSessionUpdateEvent } = prototype;
  prototype.createSessionUpdateEvent = function (this: SessionInternals) {
    const event = createSessionUpdateEvent.call(this);
    return { ...event, session: { ...event.session, ...TRUNCATION } };
  };
};
