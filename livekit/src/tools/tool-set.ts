import { isDeepStrictEqual } from 'node:util';
import type { CatalogTool, SnapshotServer, StoredTool } from '@patchbay/shared/contract/schema/snapshot';
import type { ToolAccess } from '@patchbay/shared/contract/schema/tool';
import type { LeftOutReason } from '@patchbay/shared/contract/schema/activity';
import { inTurns } from '@patchbay/shared/engine/in-turns';
import { modelDefinition } from '@patchbay/shared/engine/tools/model-definition';
import { assignToolNames } from '@patchbay/shared/contract/naming';
import type { Role } from '@patchbay/shared/contract/schema/workspace';
import { isRepeatable, mayUseTool, toolAccess } from '@patchbay/shared/contract/tool-access';
import { canonicalJson } from '@patchbay/shared/contract/json/canonical-json';
import { estimateTokens } from '@patchbay/shared/contract/json/token-estimate';
import type { ToolBudget } from './tool-capacity.ts';

/** A tool as the voice model gets it, with its server and its name there. */
export interface ModelTool {
  /** Unique in the set, 64 characters at most. */
  name: string;
  description: string;
  /** JSON Schema of the arguments; always an object schema. */
  parameters: Record<string, unknown>;
  serverId: string;
  serverName: string;
  toolName: string;
  /** Calling it twice is safe, according to the workspace or a trusted server. */
  repeatable: boolean;
  access: ToolAccess;
  /** According to the workspace or the server, trusted or not: used only to order the tools of that server. */
  saysItReads: boolean;
  /** The user prefers it when not all tools fit. */
  isPinned: boolean;
  /** Estimated size of the definition. */
  tokens: number;
  /** How old a cached result may be; without it every call is made. */
  cacheTtlMs?: number;
}

export interface LeftOutTool {
  tool: ModelTool;
  reason: LeftOutReason;
  /** The model's message about a rejected tool. */
  message?: string;
}

export interface ToolSet {
  tools: readonly ModelTool[];
  /** Enabled tools that the model does not get. */
  leftOut: readonly LeftOutTool[];
  /** All servers of the conversation, also those without tools. */
  servers: readonly { id: string; name: string; isWithdrawn?: boolean }[];
}

export interface ServerTools {
  server: SnapshotServer;
  /** The list of the live connection; null before the first, when the stored catalog is used. */
  live: readonly CatalogTool[] | null;
  /** It was offline for so long that its tools are withdrawn. */
  isWithdrawn?: boolean;
}

/** Tokens of definitions made before other work gets a turn: a few milliseconds. */
const TOKENS_PER_TURN = 5_000;

export const EMPTY_TOOL_SET: ToolSet = { tools: [], leftOut: [], servers: [] };

/**
 * The enabled tools of a conversation. Deterministic: servers in the user's order, tools in the stored order of their
 * server with new ones last, unique names. `forRole` decides who may use them, tool-fit.ts what the model can take.
 */
export function buildToolSet(servers: readonly ServerTools[]): ToolSet {
  const enabled = offeredTools(servers).flatMap(({ server, tool, stored, name }) => {
    const definition = definitionOf(tool, name);
    if (!definition) return [];
    return [
      { ...toModelTool(server, { ...tool, access: stored?.access }, definition), ...choicesOf(stored) },
    ];
  });
  return {
    tools: enabled,
    leftOut: [],
    servers: servers.map(({ server, isWithdrawn }) => ({
      id: server.id,
      name: server.name,
      ...(isWithdrawn && { isWithdrawn }),
    })),
  };
}

/** The set for a user with this role: tools that the role does not allow are left out. */
export function forRole(set: ToolSet, role: Role): ToolSet {
  const isAllowed = ({ access }: ModelTool): boolean => mayUseTool(role, access);
  const forbidden = set.tools.filter((tool) => !isAllowed(tool));
  return {
    ...set,
    tools: set.tools.filter(isAllowed),
    leftOut: [...set.leftOut, ...forbidden.map((tool) => ({ tool, reason: 'role' as const }))],
  };
}

/** Prepares the slow part of `buildToolSet` and lets other work run in between. */
export async function prepareToolSet(servers: readonly ServerTools[]): Promise<void> {
  await inTurns(
    offeredTools(servers),
    ({ tool, name }) =>
      definitions.get(tool)?.name === name ? 0 : (definitionOf(tool, name)?.tokens ?? TOKENS_PER_TURN),
    TOKENS_PER_TURN,
  );
}

interface OfferedTool {
  server: SnapshotServer;
  tool: CatalogTool;
  /** Its stored form; undefined for a new one. */
  stored: SnapshotServer['tools'][number] | undefined;
  /** For the model. */
  name: string;
}

function offeredTools(servers: readonly ServerTools[]): OfferedTool[] {
  const catalogs = servers.map(({ server, live, isWithdrawn }) => ({
    server,
    isWithdrawn,
    tools: inStoredOrder(live ?? server.tools, server.tools),
  }));
  // Disabled tools take part in the naming, so that names stay the same.
  const names = new Map(
    assignToolNames(
      catalogs.map(({ server, tools }) => ({
        slug: server.slug,
        tools: tools.map((tool) => tool.name).toSorted(),
      })),
    ).map(({ slug, tool, name }) => [`${slug}\0${tool}`, name]),
  );
  return catalogs.flatMap(({ server, tools, isWithdrawn }) => {
    if (isWithdrawn) return [];
    const stored = new Map(server.tools.map((tool) => [tool.name, tool]));
    return tools
      .filter((tool) => stored.get(tool.name)?.is_enabled !== false)
      .map((tool) => ({
        server,
        tool,
        stored: stored.get(tool.name),
        name: names.get(`${server.slug}\0${tool.name}`) ?? tool.name,
      }));
  });
}

/** How much of a budget these tools use. */
export function sizeOf(tools: readonly ModelTool[]): ToolBudget {
  return { tools: tools.length, tokens: tools.reduce((sum, { tokens }) => sum + tokens, 0) };
}

/** All tools of a set: what the model gets and what is left out. */
export function wantedTools({ tools, leftOut }: ToolSet): ModelTool[] {
  return [...tools, ...leftOut.map(({ tool }) => tool)];
}

/** The tools whose cache time has changed: their cached results are dropped. */
export function recachedTools(before: readonly ModelTool[], after: readonly ModelTool[]): ModelTool[] {
  const times = new Map(before.map((tool) => [tool.name, tool.cacheTtlMs]));
  return after.filter(({ name, cacheTtlMs }) => times.has(name) && times.get(name) !== cacheTtlMs);
}

/** Whether the model would get the same tools, in any order. */
export function sameTools(a: readonly ModelTool[], b: readonly ModelTool[]): boolean {
  const others = byName(b);
  return a.length === b.length && byName(a).every((tool, place) => isSameTool(tool, others[place]));
}

/** Whether two tools are equal in everything. */
function isSameTool(tool: ModelTool, other: ModelTool | undefined): boolean {
  if (!other || definitionKey(tool) !== definitionKey(other)) return false;
  const rest = ({ parameters: _parameters, description: _description, ...more }: ModelTool) => more;
  return isDeepStrictEqual(rest(tool), rest(other));
}

/** Whether the same tools are left out for the same reasons. */
export function sameLeftOut(a: ToolSet, b: ToolSet): boolean {
  const reasons = (set: ToolSet) =>
    set.leftOut.map(({ tool, reason }) => `${tool.name} ${reason}`).toSorted();
  return canonicalJson(reasons(a)) === canonicalJson(reasons(b));
}

/** Keys by schema object: a live list keeps its objects and is compared often. */
const keys = new WeakMap<object, Pick<ModelTool, 'name' | 'description'> & { key: string }>();

/** The definition as text; equal for tools that look the same to the model. */
export function definitionKey({ name, description, parameters }: Omit<Definition, 'tokens'>): string {
  const known = keys.get(parameters);
  if (known?.name === name && known.description === description) return known.key;
  const key = canonicalJson({ name, description, parameters });
  keys.set(parameters, { name, description, key });
  return key;
}

/** Tools in the stored order of their server, new ones last. */
function inStoredOrder(tools: readonly CatalogTool[], stored: readonly CatalogTool[]): CatalogTool[] {
  const places = new Map(stored.map(({ name }, place) => [name, place]));
  const placeOf = ({ name }: CatalogTool) => places.get(name) ?? stored.length;
  return tools.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function byName(tools: readonly ModelTool[]): ModelTool[] {
  return tools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function toModelTool(
  server: SnapshotServer,
  tool: Pick<StoredTool, 'name' | 'annotations'> & Partial<Pick<StoredTool, 'access'>>,
  definition: Definition,
): ModelTool {
  return {
    ...definition,
    serverId: server.id,
    serverName: server.name,
    toolName: tool.name,
    repeatable: isRepeatable(tool, server),
    access: toolAccess(tool, server),
    saysItReads: toolAccess(tool, { trusts_hints: true }) === 'read',
    isPinned: false,
  };
}

type Definition = Pick<ModelTool, 'name' | 'description' | 'parameters' | 'tokens'>;

/** A live list is read again with every change, and its definitions stay the same. */
const definitions = new WeakMap<CatalogTool, Definition>();

/**
 * Null for a tool whose schema can't be converted for models. A new list skips those and says why; a stored one must not
 * fail the others.
 */
function definitionOf(tool: CatalogTool, name: string): Definition | null {
  const known = definitions.get(tool);
  if (known?.name === name) return known;
  try {
    const shown = modelDefinition(name, tool);
    const definition = { ...shown, tokens: estimateTokens(definitionKey(shown)) };
    definitions.set(tool, definition);
    return definition;
  } catch {
    return null;
  }
}

/** The user's settings of a tool; defaults for one that is not stored yet. */
function choicesOf(
  stored: SnapshotServer['tools'][number] | undefined,
): Pick<ModelTool, 'isPinned' | 'cacheTtlMs'> {
  return {
    isPinned: stored?.is_pinned === true,
    ...(stored?.cache_ttl_seconds && { cacheTtlMs: stored.cache_ttl_seconds * 1_000 }),
  };
}
