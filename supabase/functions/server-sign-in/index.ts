import { withSupabase } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/schema/database.ts';
import { clientIdentity } from '../../../shared/src/oauth/client-metadata.ts';
import { ServerSignInBody } from '../../../shared/src/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/secret-envelope.ts';
import { respond } from '../_shared/answer.ts';
import { databaseOf } from '../_shared/database.ts';
import { countingHosts } from '../_shared/host-requests.ts';
import { probeSettings, webUrlOf } from '../_shared/settings.ts';
import { signInDatabaseOf } from '../_shared/sign-in-database.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';

export default {
  fetch: traced(
    'server-sign-in',
    withSupabase<ClientSchema>({ auth: 'user', errors: { detailed: false } }, (request, context) =>
      respond(request, 'server-sign-in', ServerSignInBody, (body) => {
        const env = Deno.env.toObject();
        const webUrl = webUrlOf(env);
        return countingHosts(context, () =>
          handle(body, {
            database: { ...databaseOf(context), ...signInDatabaseOf(context) },
            readKeys: () => parseSecretKeys(env.PATCHBAY_SECRETS_KEYS),
            policy: probeSettings(env).policy,
            identity: webUrl === null ? null : clientIdentity(webUrl),
            now: () => Date.now(),
          }),
        );
      }),
    ),
  ),
};
