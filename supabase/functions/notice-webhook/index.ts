import { withSupabase } from '@supabase/server';
import { NoticeWebhookBody } from '../../../shared/src/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/secret-envelope.ts';
import { respond } from '../_shared/answer.ts';
import { databaseOf } from '../_shared/database.ts';
import { probeSettings } from '../_shared/settings.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';
import { webhooksOf } from './webhooks.ts';

export default {
  fetch: traced(
    'notice-webhook',
    withSupabase({ auth: 'user', errors: { detailed: false } }, (request, context) =>
      respond(request, 'notice-webhook', NoticeWebhookBody, (body) =>
        handle(body, {
          database: databaseOf(context),
          webhooks: webhooksOf(context),
          policy: probeSettings(Deno.env.toObject()).policy,
          readKeys: () => parseSecretKeys(Deno.env.get('PATCHBAY_SECRETS_KEYS')),
        }),
      ),
    ),
  ),
};
