import { type SupabaseContext, withSupabase } from '@supabase/server';
import type { z } from 'zod';
import type { TokenScope } from '../../../shared/src/contract/schema/api-token.ts';
import type { ClientSchema } from '../../../shared/src/contract/schema/database.ts';
import { respond, type Answer, type Caller } from './answer.ts';
import { withApiTokens } from './api-token.ts';
import { countingHosts } from './host-requests.ts';
import { traced, type Handler } from './trace.ts';

interface FunctionCall {
  context: SupabaseContext<ClientSchema>;
  caller: Caller;
  env: Record<string, string>;
}

export interface FunctionOptions<Schema extends z.ZodType> {
  name: string;
  body: Schema;
  /** A signed-in user (default), or a caller with the secret key. */
  auth?: 'user' | 'secret';
  scope?: TokenScope;
  /** Requests to MCP servers are counted per host and caller before they are made. */
  requestsHosts?: boolean;
  handle: (body: z.output<Schema>, call: FunctionCall) => Promise<Answer>;
}

/** An edge function: traced, limited in its body, open to the callers that it names, with a checked body. */
export function serve<Schema extends z.ZodType>(options: FunctionOptions<Schema>): { fetch: Handler } {
  const { name, body: schema, auth = 'user', scope, requestsHosts = false, handle } = options;
  const answered = withSupabase<ClientSchema>({ auth, errors: { detailed: false } }, (request, context) =>
    respond(request, name, schema, (body, caller) => {
      const work = () => handle(body, { context, caller, env: Deno.env.toObject() });
      return requestsHosts ? countingHosts(context, work) : work();
    }),
  );
  return { fetch: traced(name, scope === undefined ? answered : withApiTokens(name, scope, answered)) };
}
