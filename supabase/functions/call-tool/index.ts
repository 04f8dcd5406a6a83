import { openConnection } from '../../../shared/src/engine/session/open-connection.ts';
import { CallToolBody } from '../../../shared/src/contract/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { logFailure } from '../_shared/answer.ts';
import { databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { probeSettings } from '../_shared/settings.ts';
import { handle } from './handle.ts';

export default serve({
  name: 'call-tool',
  body: CallToolBody,
  scope: 'tools:call',
  requestsHosts: true,
  handle: (body, { context, caller, env }) =>
    handle(body, {
      database: databaseOf(context),
      caller,
      openConnection,
      policy: probeSettings(env).policy,
      readKeys: () => parseSecretKeys(env.PATCHBAY_SECRETS_KEYS),
      onFault: (error) => logFailure('call-tool', error),
      now: () => Date.now(),
    }),
});
