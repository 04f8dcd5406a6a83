import { resolveEnv } from '@supabase/server/core';
import { describeError } from '../../../shared/src/contract/errors.ts';
import { logFailure, refuse, send } from '../_shared/answer.ts';
import { withApiTokens } from '../_shared/api-token.ts';
import { traced } from '../_shared/trace.ts';
import { handle, scopeOf } from './handle.ts';

async function answer(request: Request): Promise<Response> {
  try {
    const { data, error } = resolveEnv();
    if (error) throw error;
    const { url: projectUrl, publishableKeys } = data;
    const publishableKey = publishableKeys.default ?? Object.values(publishableKeys)[0] ?? '';
    return await handle(request, { projectUrl, publishableKey, fetch });
  } catch (error) {
    logFailure('rest', error);
    return send(refuse(500, 'internal', describeError('internal').message));
  }
}

export default { fetch: traced('rest', withApiTokens('rest', scopeOf, answer)) };
