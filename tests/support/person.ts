import { randomUUID } from 'node:crypto';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { demoServer, runningStack } from './running-stack.ts';

export interface Person {
  email: string;
  password: string;
  id: string;
  client: SupabaseClient;
}

/** Signs up a new user through the public interface. */
export async function newPerson(name: string): Promise<Person> {
  const stack = runningStack();
  const email = `${name}-${randomUUID().slice(0, 8)}@patchbay.local`;
  const password = `test-${randomUUID()}`;
  const client = createClient(stack.supabase_url, stack.publishable_key, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data, error } = await client.auth.signUp({ email, password });
  if (error || !data.user) throw new Error(`sign-up failed: ${error?.message ?? 'no user'}`);
  return { email, password, id: data.user.id, client };
}

/**
 * Adds a demo server by REST, as an integration would: the row, then its credential. Nothing else is called:
 * a running conversation has to find the tools by itself.
 *
 * @returns the id of the server
 */
export async function addDemoServer(person: Person, name: string): Promise<string> {
  const demo = demoServer(name);
  const { data, error } = await person.client
    .from('mcp_servers')
    .insert({ name, url: demo.url, auth_method: demo.auth_method, trusts_hints: true })
    .select('id')
    .single<{ id: string }>();
  if (error) throw new Error(`adding ${name} failed: ${error.message}`);
  if (demo.credential) {
    const answer = await person.client.functions.invoke('server-credential', {
      body: { server_id: data.id, credential: demo.credential },
    });
    if (answer.error) throw new Error(`storing the credential of ${name} failed`);
  }
  return data.id;
}

/** Adds a server that needs no credential by REST; returns its id. */
export async function addServer(
  person: Person,
  name: string,
  url: string,
  more: { trusts_hints?: boolean } = {},
): Promise<string> {
  const { data, error } = await person.client
    .from('mcp_servers')
    .insert({ name, url, auth_method: 'none', ...more })
    .select('id')
    .single<{ id: string }>();
  if (error) throw new Error(`adding ${name} failed: ${error.message}`);
  return data.id;
}

/** Deletes a server by REST. */
export async function deleteServer(person: Person, id: string): Promise<void> {
  const { error } = await person.client.from('mcp_servers').delete().eq('id', id);
  if (error) throw new Error(`deleting a server failed: ${error.message}`);
}
