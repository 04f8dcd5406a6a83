import { withSupabase } from '@supabase/server';
import { FunctionSettingsBody } from '../../../shared/src/schema/functions.ts';
import { respond } from '../_shared/answer.ts';
import { traced } from '../_shared/trace.ts';
import { handle } from './handle.ts';

export default {
  fetch: traced(
    'function-settings',
    withSupabase({ auth: 'secret', errors: { detailed: false } }, (request) =>
      respond(request, 'function-settings', FunctionSettingsBody, (body) =>
        handle(body, Deno.env.toObject()),
      ),
    ),
  ),
};
