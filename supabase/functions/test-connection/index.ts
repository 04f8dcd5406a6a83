import { withSupabase } from '@supabase/server';
import type { ClientSchema } from '../../../shared/src/schema/database.ts';
import { probe } from '../../../shared/src/mcp/probe.ts';
import { TestConnectionBody } from '../../../shared/src/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/secret-envelope.ts';
import { respond } from '../_shared/answer.ts';
import { withApiTokens } from '../_shared/api-token.ts';
import { databaseOf } from '../_shared/database.ts';
import { countingHosts } from '../_shared/host-requests.ts';
import { probeSettings } from '../_shared/settings.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';

export default {
  fetch: traced(
    'test-connection',
    withApiTokens(
      'test-connection',
      'servers:test',
      withSupabase<ClientSchema>({ auth: 'user', errors: { detailed: false } }, (request, context) =>
        respond(request, 'test-connection', TestConnectionBody, (body, caller) =>
          countingHosts(context, () =>
            handle(body, {
              database: databaseOf(context),
              probe,
              settings: probeSettings(Deno.env.toObject()),
              watch: {
                onPhase: (phase, phases) => caller.tell({ type: 'phase', phase, phases: [...phases] }),
                signal: caller.signal,
              },
              readKeys: () => parseSecretKeys(Deno.env.get('PATCHBAY_SECRETS_KEYS')),
              now: () => new Date(),
            }),
          ),
        ),
      ),
    ),
  ),
};
