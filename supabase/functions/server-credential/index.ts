import { withSupabase } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/schema/database.ts';
import { ServerCredentialBody } from '../../../shared/src/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/secret-envelope.ts';
import { respond } from '../_shared/answer.ts';
import { withApiTokens } from '../_shared/api-token.ts';
import { databaseOf } from '../_shared/database.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';

export default {
  fetch: traced(
    'server-credential',
    withApiTokens(
      'server-credential',
      'servers:write',
      withSupabase<ClientSchema>({ auth: 'user', errors: { detailed: false } }, (request, context) =>
        respond(request, 'server-credential', ServerCredentialBody, (body) =>
          handle(body, {
            database: databaseOf(context),
            readKeys: () => parseSecretKeys(Deno.env.get('PATCHBAY_SECRETS_KEYS')),
          }),
        ),
      ),
    ),
  ),
};
