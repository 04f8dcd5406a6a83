import { NoticeWebhookBody } from '../../../shared/src/contract/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { probeSettings } from '../_shared/settings.ts';
import { handle } from './handle.ts';
import { webhooksOf } from './webhooks.ts';

export default serve({
  name: 'notice-webhook',
  body: NoticeWebhookBody,
  handle: (body, { context, env }) =>
    handle(body, {
      database: databaseOf(context),
      webhooks: webhooksOf(context),
      policy: probeSettings(env).policy,
      readKeys: () => parseSecretKeys(env.PATCHBAY_SECRETS_KEYS),
    }),
});
