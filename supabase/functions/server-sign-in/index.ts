import { clientIdentity } from '../../../shared/src/engine/oauth/client-metadata.ts';
import { ServerSignInBody } from '../../../shared/src/contract/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { probeSettings, webUrlOf } from '../_shared/settings.ts';
import { signInDatabaseOf } from '../_shared/sign-in-database.ts';
import { handle } from './handle.ts';

export default serve({
  name: 'server-sign-in',
  body: ServerSignInBody,
  requestsHosts: true,
  handle: (body, { context, env }) => {
    const webUrl = webUrlOf(env);
    return handle(body, {
      database: { ...databaseOf(context), ...signInDatabaseOf(context) },
      readKeys: () => parseSecretKeys(env.PATCHBAY_SECRETS_KEYS),
      policy: probeSettings(env).policy,
      identity: webUrl === null ? null : clientIdentity(webUrl),
      now: () => Date.now(),
    });
  },
});
