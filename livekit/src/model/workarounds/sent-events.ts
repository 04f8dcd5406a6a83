/**
 * Bug: The sending loop keeps every event in memory until the connection ends: 230 MB of audio an hour.
 * Upstream: docs/upstream/retained-events.md
 * Remove when the "still needed" test of "an event that was sent" in connection.test.ts fails.
 */
import type { ClientEvent, Workaround, SessionInternals } from './session-internals.ts';

export const sentEventsWorkaround: Workaround = (prototype) => {
  const { runWs } = prototype;
  prototype.runWs = async function (this: SessionInternals, socket) {
    let sending: ClientEvent | null = null;
    const onQueued = (event: ClientEvent) => (sending = event);
    // The plugin announces an event right before it sends it.
    this.on('openai_client_event_queued', onQueued);
    const send = socket.send.bind(socket) as (data: string) => void;
    socket.send = (data: string) => {
      send(data);
      if (sending) emptyOut(sending);
      sending = null;
    };
    try {
      await runWs.call(this, socket);
    } finally {
      this.off('openai_client_event_queued', onQueued);
    }
  };
};

/** Removes what is large. Items stay whole: they may have to be sent again. */
function emptyOut(event: ClientEvent): void {
  if (event.type === 'input_audio_buffer.append') event.audio = '';
  if (event.type === 'session.update') event.session = { type: 'realtime' };
}
