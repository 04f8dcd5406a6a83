import { VoiceTokenBody } from '../../../shared/src/contract/schema/functions.ts';
import { callerId, databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { livekitSettings } from '../_shared/settings.ts';
import { handle } from './handle.ts';
import { signJoinToken } from './join-token.ts';

export default serve({
  name: 'voice-token',
  body: VoiceTokenBody,
  handle: (body, { context, env }) =>
    handle(body, {
      userId: callerId(context),
      livekit: livekitSettings(env),
      database: databaseOf(context),
      newId: () => crypto.randomUUID(),
      sign: signJoinToken,
    }),
});
