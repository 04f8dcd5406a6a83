import {
  readMcpServersJson,
  type FoundServer,
  type McpServersFile,
} from '@patchbay/shared/contract/mcp-servers-json/mcp-servers-json';
import type { ImportResult, ShownFile } from '../../servers/form/import-result.ts';
import { discoverTools, storeCredential } from '../edge-functions.ts';
import { failure, type Result } from '../result.ts';
import { createServer, updateServer } from './servers.ts';
import type { SignedIn } from '../auth/session.ts';

const MAX_CHARACTERS = 200_000;
const MAX_SERVERS = 100;

type PastedFile = Extract<McpServersFile, { ok: true }>;

export function readPasted(form: FormData): Result<PastedFile> {
  const text = form.get('text');
  if (typeof text !== 'string' || text.trim() === '') return failure(400, 'Paste the JSON first.');
  if (text.length > MAX_CHARACTERS) return failure(400, 'This JSON is too large.');
  const file = readMcpServersJson(text);
  if (!file.ok) return failure(400, file.message);
  if (file.servers.length > MAX_SERVERS)
    return failure(400, `You can import at most ${MAX_SERVERS} servers at a time.`);
  return { ok: true, value: file };
}

/** What the page may show of a file; keys and tokens stay on the server. */
export function describeFile({ servers, refused }: PastedFile): ShownFile {
  const found = servers.map(({ key, server, credential, notes }) => ({
    key,
    name: server.name,
    url: server.url,
    authMethod: server.auth_method,
    hasCredential: credential !== null,
    notes,
  }));
  return { found, refused };
}

/** Adds servers one by one, each with its credential in place before it is switched on. */
export async function addServers(
  who: SignedIn,
  workspaceId: string,
  servers: FoundServer[],
): Promise<ImportResult[]> {
  const results: ImportResult[] = [];
  for (const found of servers) results.push(await addOne(who, workspaceId, found));
  // Slow servers are left to the health monitor.
  const added = results.flatMap((result) => (result.ok ? [result.value.id] : []));
  await Promise.race([
    Promise.all(added.map((id) => discoverTools(who, { server_id: id }))),
    new Promise((resolve) => setTimeout(resolve, DISCOVERY_TIMEOUT_MS)),
  ]);
  return results;
}

const DISCOVERY_TIMEOUT_MS = 3000;

async function addOne(
  who: SignedIn,
  workspaceId: string,
  { key, server, credential }: FoundServer,
): Promise<ImportResult> {
  const needsCredential = server.auth_method !== 'none';
  const isActive = server.is_active && !(needsCredential && credential === null);
  // The file's slug may be taken here; the database derives a free one from the name.
  const { slug: _slug, ...input } = server;
  const row = { ...input, is_active: isActive && credential === null };
  const created = await createServer(who, workspaceId, row);
  if (!created.ok) return { ...created, key };
  const { id, name, url, auth_method } = created.value;
  if (credential === null) {
    const note = needsCredential ? 'Disabled until you enter its key or token.' : null;
    return { ok: true, value: { id, name, note }, key };
  }
  const stored = await storeCredential(who, { server_id: id, credential, url, auth_method });
  if (!stored.ok) {
    const note = `Couldn't store its credential: ${stored.message}`;
    return { ok: true, value: { id, name, note }, key };
  }
  if (isActive) await updateServer(who, id, { is_active: true });
  return { ok: true, value: { id, name, note: null }, key };
}
