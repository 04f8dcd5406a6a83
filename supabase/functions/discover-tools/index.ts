import { probe } from '../../../shared/src/engine/probe/probe.ts';
import { DiscoverToolsBody } from '../../../shared/src/contract/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { probeSettings } from '../_shared/settings.ts';
import { handle } from './handle.ts';

export default serve({
  name: 'discover-tools',
  body: DiscoverToolsBody,
  scope: 'servers:test',
  requestsHosts: true,
  handle: (body, { context, env }) =>
    handle(body, {
      database: databaseOf(context),
      probe,
      settings: probeSettings(env),
      readKeys: () => parseSecretKeys(env.PATCHBAY_SECRETS_KEYS),
      now: () => new Date(),
    }),
});
