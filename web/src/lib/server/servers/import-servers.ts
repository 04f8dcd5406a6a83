import {
  readMcpServersJson,
  type FoundServer,
  type McpServersFile,
} from '@patchbay/shared/contract/mcp-servers-json/mcp-servers-json';
import type { ImportResult, ReadResult } from '../../servers/form/import-result.ts';
import { problemWords } from '../database.ts';
import { discoverTools, storeCredential } from '../edge-functions.ts';
import { createServer, updateServer } from './servers.ts';
import type { SignedIn } from '../auth/session.ts';

const MOST_CHARACTERS = 200_000;
const MOST_SERVERS = 100;

/** Reads the pasted text of the form; what is far too long is not read at all. */
export function readPasted(form: FormData): McpServersFile {
  const text = form.get('text');
  if (typeof text !== 'string' || text.trim() === '') return { ok: false, message: 'Paste the JSON first.' };
  if (text.length > MOST_CHARACTERS) return { ok: false, message: 'This text is too long.' };
  const file = readMcpServersJson(text);
  if (file.ok && file.servers.length > MOST_SERVERS)
    return { ok: false, message: `At most ${MOST_SERVERS} servers at a time.` };
  return file;
}

/** What the page shows of a file; keys and tokens stay here. */
export function describeFile(file: McpServersFile): ReadResult {
  if (!file.ok) return file;
  const found = file.servers.map(({ key, server, credential, notes }) => ({
    key,
    name: server.name,
    url: server.url,
    authMethod: server.auth_method,
    hasCredential: credential !== null,
    notes,
  }));
  return { ok: true, found, refused: file.refused };
}

/** Adds servers of a file one after the other, each with its credential in place before it is switched on. */
export async function addServers(
  who: SignedIn,
  workspaceId: string,
  servers: FoundServer[],
): Promise<ImportResult[]> {
  const results: ImportResult[] = [];
  for (const found of servers) results.push(await addOne(who, workspaceId, found));
  // Their tools are read side by side; whoever is slow is read by the monitor later.
  const added = results.flatMap((result) => (result.ok ? [result.id] : []));
  await Promise.race([
    Promise.all(added.map((id) => discoverTools(who, { server_id: id }))),
    new Promise((resolve) => setTimeout(resolve, DISCOVERY_PATIENCE_MS)),
  ]);
  return results;
}

const DISCOVERY_PATIENCE_MS = 3000;

async function addOne(
  who: SignedIn,
  workspaceId: string,
  { key, server, credential }: FoundServer,
): Promise<ImportResult> {
  const needsCredential = server.auth_method !== 'none';
  const isActive = server.is_active && !(needsCredential && credential === null);
  // The slug of the file may be taken here; the database finds a free one from the name.
  const { slug: _slug, ...input } = server;
  const row = { ...input, is_active: isActive && credential === null };
  const created = await createServer(who, workspaceId, row);
  if (!created.ok) return { ok: false, key, message: problemWords(created.problem) };
  const { id, name, url, auth_method } = created.value;
  if (credential === null) {
    return {
      ok: true,
      key,
      id,
      name,
      note: needsCredential ? 'It is off until you enter its key or token.' : null,
    };
  }
  const stored = await storeCredential(who, { server_id: id, credential, url, auth_method });
  if (!stored.ok)
    return { ok: true, key, id, name, note: `Its credential could not be stored: ${stored.message}` };
  if (isActive) await updateServer(who, id, { is_active: true });
  return { ok: true, key, id, name, note: null };
}
