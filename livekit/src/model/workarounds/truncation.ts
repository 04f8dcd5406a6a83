/**
 * Missing in the plugin (1.9.0): `truncation` of the session. With the API's default, a conversation that fills the
 * model's window loses its oldest items before every response, so no response finds a cached prefix any more.
 * A retention ratio drops more at a time: 0.8 is the value in OpenAI's cost guide, one cache miss for each fifth
 * of the window, while four fifths of what was said stay.
 * Source: https://platform.openai.com/docs/guides/realtime-costs#truncation
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
