import { ServerCredentialBody } from '../../../shared/src/contract/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { handle } from './handle.ts';

export default serve({
  name: 'server-credential',
  body: ServerCredentialBody,
  scope: 'servers:write',
  handle: (body, { context, env }) =>
    handle(body, {
      database: databaseOf(context),
      readKeys: () => parseSecretKeys(env.PATCHBAY_SECRETS_KEYS),
    }),
});
