import { FunctionSettingsBody } from '../../../shared/src/contract/schema/functions.ts';
import { serve } from '../_shared/serve.ts';
import { handle } from './handle.ts';

export default serve({
  name: 'function-settings',
  body: FunctionSettingsBody,
  auth: 'secret',
  handle: (body, { env }) => handle(body, env),
});
