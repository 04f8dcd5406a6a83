import { createClient } from '@supabase/supabase-js';
import { z } from 'zod';
import type { Person } from './person.ts';
import { runningStack } from './running-stack.ts';

const Id = z.object({ id: z.string() });
const JsonObject = z.record(z.string(), z.unknown());

/** The database as the system itself reaches it, for what no user can arrange. */
export function serviceClient() {
  const { supabase_url, secret_key } = runningStack();
  return createClient(supabase_url, secret_key, { auth: { persistSession: false, autoRefreshToken: false } });
}

/** The id of the workspace that a user got at sign-up. */
export async function personalWorkspace({ client }: Person): Promise<string> {
  const { data, error } = await client.from('workspaces').select('id').eq('is_personal', true).single();
  if (error) throw new Error('The user has no workspace.', { cause: error });
  return Id.parse(data).id;
}

/** Adds a server by REST and gives its id. */
export async function addServer(
  { client }: Person,
  server: {
    name: string;
    url: string;
    auth_method?: 'api_key' | 'bearer_token' | 'oauth';
    credential_scope?: 'workspace' | 'member';
    workspace_id?: string;
  },
): Promise<string> {
  const { data, error } = await client.from('mcp_servers').insert(server).select('id').single();
  if (error) throw new Error('The server could not be added.', { cause: error });
  return Id.parse(data).id;
}

export interface FunctionAnswer {
  status: number;
  body: Record<string, unknown>;
}

/** Calls an edge function as supabase-js does, and gives status and body whether it went well or not. */
export async function invoke({ client }: Person, name: string, body?: object): Promise<FunctionAnswer> {
  const { data, response } = await client.functions.invoke<unknown>(name, body === undefined ? {} : { body });
  if (!response) throw new Error(`${name} was not reached.`);
  return { status: response.status, body: JsonObject.parse(response.ok ? data : await response.json()) };
}
