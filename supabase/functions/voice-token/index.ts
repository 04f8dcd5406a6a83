import { withSupabase } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/schema/database.ts';
import { VoiceTokenBody } from '../../../shared/src/schema/functions.ts';
import { respond } from '../_shared/answer.ts';
import { callerId, databaseOf } from '../_shared/database.ts';
import { livekitSettings } from '../_shared/settings.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';
import { signJoinToken } from './join-token.ts';

export default {
  fetch: traced(
    'voice-token',
    withSupabase<ClientSchema>({ auth: 'user', errors: { detailed: false } }, (request, context) =>
      respond(request, 'voice-token', VoiceTokenBody, (body) =>
        handle(body, {
          userId: callerId(context),
          livekit: livekitSettings(Deno.env.toObject()),
          database: databaseOf(context),
          newId: () => crypto.randomUUID(),
          sign: signJoinToken,
        }),
      ),
    ),
  ),
};
