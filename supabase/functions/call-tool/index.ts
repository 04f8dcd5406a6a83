import { withSupabase } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/schema/database.ts';
import { openConnection } from '../../../shared/src/mcp/connection.ts';
import { CallToolBody } from '../../../shared/src/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/secret-envelope.ts';
import { logFailure, respond } from '../_shared/answer.ts';
import { withApiTokens } from '../_shared/api-token.ts';
import { databaseOf } from '../_shared/database.ts';
import { countingHosts } from '../_shared/host-requests.ts';
import { probeSettings } from '../_shared/settings.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';

export default {
  fetch: traced(
    'call-tool',
    withApiTokens(
      'call-tool',
      'tools:call',
      withSupabase<ClientSchema>({ auth: 'user', errors: { detailed: false } }, (request, context) =>
        respond(request, 'call-tool', CallToolBody, (body, caller) =>
          countingHosts(context, () =>
            handle(body, {
              database: databaseOf(context),
              caller,
              openConnection,
              policy: probeSettings(Deno.env.toObject()).policy,
              readKeys: () => parseSecretKeys(Deno.env.get('PATCHBAY_SECRETS_KEYS')),
              onFault: (error) => logFailure('call-tool', error),
              now: () => Date.now(),
            }),
          ),
        ),
      ),
    ),
  ),
};
