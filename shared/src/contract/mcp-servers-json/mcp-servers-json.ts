/**
 * Reads the `mcpServers` JSON that Claude Desktop, Claude Code, Cursor, Windsurf and VS Code keep, for the import.
 * Pure: what it finds is shown first; servers then go to `import_workspace`, credentials to `server-credential`.
 */
import { parseJsonc } from './jsonc.ts';
import { slugFromName } from '../naming.ts';
import { remoteOfCommand } from './command.ts';
import { readFields, sentencesOf } from '../schema/fields.ts';
import { credentialOfHeaders, type FoundCredential } from './credential.ts';
import { McpServerInput, type Transport } from '../schema/server.ts';

/** A server of the file as it can be imported. */
export interface FoundServer {
  /** As the file calls it. */
  key: string;
  server: McpServerInput & { slug: string };
  /** The key or token of the file, for `server-credential` only: it must not get into the row. */
  credential: string | null;
  /** Sentences for the user about what was not taken over, or is still to be done. */
  notes: string[];
}

/** An entry that cannot be imported, with a sentence that says why. */
interface RefusedEntry {
  key: string;
  reason: string;
}

export type McpServersFile =
  { ok: true; servers: FoundServer[]; refused: RefusedEntry[] } | { ok: false; message: string };

type Json = Record<string, unknown>;

const NO_SERVERS =
  'No list of servers found. Paste JSON with "mcpServers" (Claude, Cursor) or "servers" (VS Code).';
const KEY_IN_ADDRESS = /[?&](?:[\w-]*(?:key|token|secret|auth|password)[\w-]*)=/i;

/**
 * @param text the file; comments and trailing commas are accepted, as in VS Code
 * @returns servers with the credentials found for them, and entries that are not possible here with the reason
 */
export function readMcpServersJson(text: string): McpServersFile {
  const parsed = parseJsonc(text);
  if (!parsed.ok) return { ok: false, message: `This isn't valid JSON: ${parsed.message}` };
  const entries = findEntries(parsed.value);
  if (!entries) return { ok: false, message: NO_SERVERS };

  const servers: FoundServer[] = [];
  const refused: RefusedEntry[] = [];
  const slugs = new Set<string>();
  for (const [key, value] of Object.entries(entries)) {
    const found = isObject(value) ? readEntry(key, value) : "This entry isn't an object.";
    if (typeof found === 'string') {
      refused.push({ key, reason: found });
      continue;
    }
    const slug = freeSlug(slugFromName(found.server.name), slugs);
    slugs.add(slug);
    servers.push({ key, ...found, server: { ...found.server, slug } });
  }
  return { ok: true, servers, refused };
}

/** `mcpServers`, VS Code's `servers` and `mcp.servers`, or the bare map of names that people copy out of them. */
function findEntries(value: unknown): Json | null {
  if (!isObject(value)) return null;
  const { mcpServers, servers, mcp } = value;
  for (const map of [mcpServers, servers, isObject(mcp) ? mcp['servers'] : undefined])
    if (isObject(map)) return map;
  const entries = Object.values(value);
  const isBareMap = entries.length > 0 && entries.every((entry) => isObject(entry) && looksLikeServer(entry));
  return isBareMap ? value : null;
}

function looksLikeServer(entry: Json): boolean {
  return addressOf(entry) !== null || typeof entry['command'] === 'string';
}

/** @returns what can be imported, or why it cannot */
function readEntry(
  key: string,
  entry: Json,
): (Omit<FoundServer, 'key' | 'server'> & { server: McpServerInput }) | string {
  const remote = typeof entry['command'] === 'string' ? remoteOfCommand(entry) : null;
  const address = remote?.url ?? addressOf(entry);
  if (address === null) return reasonAgainst(entry);
  const transport = remote?.transport ?? transportOf(entry['type']);
  if (transport === null)
    return `Patchbay doesn't support the type "${String(entry['type'])}". Use Streamable HTTP or SSE.`;

  const { url, login } = takeLoginOut(address);
  const headers = remote?.headers ?? (isObject(entry['headers']) ? entry['headers'] : {});
  const found: FoundCredential = credentialOfHeaders(login ? { Authorization: login, ...headers } : headers);
  const notes = [...found.notes];
  if (KEY_IN_ADDRESS.test(url))
    notes.push('The URL seems to contain a key. Everyone who can see the server can see its URL.');

  const { description, disabled } = entry;
  const read = readFields(McpServerInput, {
    name: key.trim().slice(0, 80),
    url,
    transport,
    ...(typeof description === 'string' ? { description: description.slice(0, 2000) } : {}),
    auth_method: found.auth_method,
    ...(found.auth_header === null ? {} : { auth_header: found.auth_header }),
    is_active: disabled !== true,
  });
  if (!read.ok) return Object.values(sentencesOf(read.fieldErrors)).flat().join(' ');
  return { server: read.value, credential: found.credential, notes };
}

/** Cursor, Claude Code and VS Code say `url`, Windsurf `serverUrl`, Gemini `httpUrl`. */
function addressOf(entry: Json): string | null {
  for (const name of ['url', 'serverUrl', 'httpUrl']) {
    const address = entry[name];
    if (typeof address === 'string' && address.trim() !== '') return address.trim();
  }
  return null;
}

function reasonAgainst({ command }: Json): string {
  if (typeof command !== 'string') return 'It has no "url".';
  return (
    `It runs a program (${command}) on your computer. Patchbay connects to servers over HTTP. ` +
    'Expose the program with a proxy, such as mcp-proxy, and add its URL.'
  );
}

/** VS Code's `http` falls back to SSE by itself, as our `auto` does. Null: none of ours. */
function transportOf(type: unknown): Transport | null {
  switch (typeof type === 'string' ? type.toLowerCase().replaceAll(/[-_]/g, '') : 'auto') {
    case 'auto':
    case 'http':
    case 'https':
      return 'auto';
    case 'streamablehttp':
      return 'streamable_http';
    case 'sse':
      return 'sse';
    default:
      return null;
  }
}

/** `https://name:password@host` becomes the address without them and the value of a Basic header. */
function takeLoginOut(address: string): { url: string; login: string | null } {
  if (!URL.canParse(address)) return { url: address, login: null };
  const url = new URL(address);
  if (!url.username && !url.password) return { url: address, login: null };
  const plain = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { url: url.href, login: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(plain)))}` };
}

function freeSlug(wanted: string, taken: ReadonlySet<string>): string {
  let slug = wanted;
  for (let n = 2; taken.has(slug); n += 1) slug = `${wanted.slice(0, 31 - String(n).length)}-${n}`;
  return slug;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
