import { join } from 'node:path';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readJson, writeJson, type DemoServer } from './stack-file.ts';
import type { Settings } from './settings.ts';

export const SEEDED_FILE = 'seeded.json';

const DESCRIPTIONS: Record<string, string> = {
  clock: 'Time in cities around the world.',
  notes: 'Short notes. Its tool list changes with the notes you keep.',
  everything: "The MCP project's reference server, with a bit of everything.",
};

const ServerRow = z.object({
  id: z.string(),
  name: z.string(),
  url: z.string(),
  has_credential: z.boolean(),
  tool_count: z.number().nullable(),
  trusts_hints: z.boolean(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
});
type ServerRow = z.infer<typeof ServerRow>;

/** The MCP servers that run next to a local stack. */
export function demoServers({ ports, notesApiKey }: Pick<Settings, 'ports' | 'notesApiKey'>): DemoServer[] {
  const url = (port: number): string => `http://127.0.0.1:${port}/mcp`;
  return [
    { name: 'clock', url: url(ports.clock), auth_method: 'none' },
    { name: 'notes', url: url(ports.notes), auth_method: 'api_key', credential: notesApiKey },
    { name: 'everything', url: url(ports.everything), auth_method: 'none' },
  ];
}

/** Tools to disable in a new demo server: `get-env` of the reference server returns its process's environment. */
const DISABLED_TOOLS: Record<string, string[]> = { everything: ['get-env'] };

export type SeedStep =
  | { do: 'insert'; server: DemoServer }
  | { do: 'move'; id: string; server: DemoServer; isTrusted: boolean }
  | { do: 'keep'; id: string; server: DemoServer; needsCredential: boolean; needsTools: boolean };

/** Plans how to give the demo user the servers at this start's addresses. One that the user deleted stays deleted. */
export function planSeed(servers: DemoServer[], rows: ServerRow[], seededBefore: string[]): SeedStep[] {
  const steps: SeedStep[] = [];
  for (const server of servers) {
    const row = rows.find(({ metadata }) => metadata?.['demo'] === server.name);
    if (!row) {
      if (!seededBefore.includes(server.name)) steps.push({ do: 'insert', server });
      continue;
    }
    if (row.url !== server.url) steps.push({ do: 'move', id: row.id, server, isTrusted: row.trusts_hints });
    const needsCredential = server.credential !== undefined && !row.has_credential;
    const needsTools = row.url !== server.url || needsCredential || !row.tool_count;
    steps.push({ do: 'keep', id: row.id, server, needsCredential, needsTools });
  }
  return steps;
}

/**
 * Signs the demo user up and adds the demo servers through the public interface. Idempotent.
 * @throws Error naming the step that failed
 */
export async function seedDemo(settings: Settings): Promise<void> {
  const { supabase, dataDir } = settings;
  const client = createClient(supabase.url, supabase.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  await signIn(client, settings);
  const { data, error } = await client
    .from('mcp_servers')
    .select('id,name,url,has_credential,tool_count,trusts_hints,metadata');
  if (error) throw new Error(`The demo user's servers can't be read: ${error.message}`);
  const record = join(dataDir, SEEDED_FILE);
  const seeded = new Set(z.array(z.string()).catch([]).parse(readJson(record)));
  for (const step of planSeed(demoServers(settings), z.array(ServerRow).parse(data), [...seeded])) {
    await apply(client, step);
    seeded.add(step.server.name);
    writeJson(record, [...seeded]);
  }
}

/** An account of an older start gets this checkout's password. */
async function signIn(client: SupabaseClient, { demo, supabase }: Settings): Promise<void> {
  const known = await client.auth.signInWithPassword(demo);
  if (known.data.session) return;
  const made = await client.auth.signUp(demo);
  if (made.data.session) return;
  const admin = createClient(supabase.url, supabase.secretKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data } = await admin.auth.admin.listUsers({ perPage: 1000 });
  const account = data.users.find(({ email }) => email === demo.email);
  if (!account) throw new Error(`The demo user can't sign up: ${made.error?.message ?? 'no session'}`);
  await admin.auth.admin.updateUserById(account.id, { password: demo.password });
  const again = await client.auth.signInWithPassword(demo);
  if (again.error) throw new Error(`The demo user can't sign in: ${again.error.message}`);
}

async function apply(client: SupabaseClient, step: SeedStep): Promise<void> {
  const { server } = step;
  if (step.do === 'move') {
    // Another port is another origin, which resets trust, so trust is set afterwards.
    for (const change of [{ url: server.url }, { trusts_hints: step.isTrusted }]) {
      const { error } = await client.from('mcp_servers').update(change).eq('id', step.id);
      if (error) throw new Error(`The address of ${server.name} can't be changed: ${error.message}`);
    }
    return;
  }
  if (step.do === 'keep') {
    if (step.needsCredential) await putCredential(client, step.id, server);
    if (step.needsTools) await invoke(client, 'discover-tools', { server_id: step.id });
    return;
  }
  const row = {
    name: server.name,
    url: server.url,
    description: DESCRIPTIONS[server.name],
    auth_method: server.auth_method,
    trusts_hints: true,
    metadata: { demo: server.name },
  };
  const answer = await client.from('mcp_servers').insert(row).select('id').single();
  if (answer.error) throw new Error(`${server.name} can't be added: ${answer.error.message}`);
  const { id } = z.object({ id: z.string() }).parse(answer.data);
  await putCredential(client, id, server);
  await invoke(client, 'discover-tools', { server_id: id });
  const disabled = await client
    .from('mcp_tools')
    .update({ is_enabled: false })
    .eq('server_id', id)
    .in('name', DISABLED_TOOLS[server.name] ?? []);
  if (disabled.error) throw new Error(`Tools of ${server.name} can't be disabled: ${disabled.error.message}`);
}

async function putCredential(client: SupabaseClient, serverId: string, server: DemoServer): Promise<void> {
  if (server.credential === undefined) return;
  await invoke(client, 'server-credential', { server_id: serverId, credential: server.credential });
}

async function invoke(client: SupabaseClient, name: string, body: object): Promise<void> {
  const answer = await client.functions.invoke<unknown>(name, { body });
  const error: unknown = answer.error;
  if (error) {
    throw new Error(`The function ${name} failed: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
