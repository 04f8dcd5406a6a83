import { VoiceDispatchBody } from '../../../shared/src/contract/schema/functions.ts';
import { callerId, databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { livekitSettings } from '../_shared/settings.ts';
import { handle } from './handle.ts';
import { openSessionRoom } from './session-room.ts';

export default serve({
  name: 'voice-dispatch',
  body: VoiceDispatchBody,
  handle: (body, { context, env }) =>
    handle(body, {
      userId: callerId(context),
      livekit: livekitSettings(env),
      database: databaseOf(context),
      openRoom: openSessionRoom,
      now: Date.now,
    }),
});
