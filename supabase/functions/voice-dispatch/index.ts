import { withSupabase } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/schema/database.ts';
import { VoiceDispatchBody } from '../../../shared/src/schema/functions.ts';
import { respond } from '../_shared/answer.ts';
import { callerId, databaseOf } from '../_shared/database.ts';
import { livekitSettings } from '../_shared/settings.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';
import { openSessionRoom } from './session-room.ts';

export default {
  fetch: traced(
    'voice-dispatch',
    withSupabase<ClientSchema>({ auth: 'user', errors: { detailed: false } }, (request, context) =>
      respond(request, 'voice-dispatch', VoiceDispatchBody, (body) =>
        handle(body, {
          userId: callerId(context),
          livekit: livekitSettings(Deno.env.toObject()),
          database: databaseOf(context),
          openRoom: openSessionRoom,
          now: Date.now,
        }),
      ),
    ),
  ),
};
