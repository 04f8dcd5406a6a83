import { probe } from '../../../shared/src/engine/probe/probe.ts';
import { TestConnectionBody } from '../../../shared/src/contract/schema/functions.ts';
import { parseSecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { databaseOf } from '../_shared/database.ts';
import { serve } from '../_shared/serve.ts';
import { probeSettings } from '../_shared/settings.ts';
import { handle } from './handle.ts';

export default serve({
  name: 'test-connection',
  body: TestConnectionBody,
  scope: 'servers:test',
  requestsHosts: true,
  handle: (body, { context, caller, env }) =>
    handle(body, {
      database: databaseOf(context),
      probe,
      settings: probeSettings(env),
      watch: {
        onPhase: (phase, phases) => caller.tell({ type: 'phase', phase, phases: [...phases] }),
        signal: caller.signal,
      },
      readKeys: () => parseSecretKeys(env.PATCHBAY_SECRETS_KEYS),
      now: () => new Date(),
    }),
});
