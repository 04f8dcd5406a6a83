import { isDeepStrictEqual } from 'node:util';
import type { CatalogueTool, SnapshotServer, StoredTool } from '@patchbay/shared/contract/schema/snapshot';
import type { ToolAccess } from '@patchbay/shared/contract/schema/tool';
import type { LeftOutReason } from '@patchbay/shared/contract/schema/activity';
import { inTurns } from '@patchbay/shared/engine/in-turns';
import { modelDefinition } from '@patchbay/shared/engine/tools/model-definition';
import { assignToolNames } from '@patchbay/shared/contract/naming';
import type { Role } from '@patchbay/shared/contract/schema/workspace';
import { isRepeatable, mayUseTool, toolAccess } from '@patchbay/shared/contract/tool-access';
import { canonicalJson } from '@patchbay/shared/contract/json/canonical-json';
import { estimateTokens } from '@patchbay/shared/contract/json/token-estimate';
import type { ToolBudget } from './tool-room.ts';

/** A tool as the voice model is given it, with the server and the tool that it stands for. */
export interface ModelTool {
  /** Unique in the set, 64 characters at most. */
  name: string;
  description: string;
  /** JSON Schema of the arguments; always an object schema. */
  parameters: Record<string, unknown>;
  serverId: string;
  serverName: string;
  toolName: string;
  /** Calling it twice does no harm, as far as the workspace or a trusted server says. */
  repeatable: boolean;
  access: ToolAccess;
  /** By the workspace, or else by its server, trusted or not: decides only which tools of that server come first. */
  saysItReads: boolean;
  /** The user wants it in the conversation before others, where not all fit. */
  isPinned: boolean;
  /** Estimated size of the definition. */
  tokens: number;
  /** How old an answer may be that the user lets stand in for a new one; without it every call is made. */
  cacheTtlMs?: number;
}

export interface LeftOutTool {
  tool: ModelTool;
  reason: LeftOutReason;
  /** What the model said about a tool that it refuses. */
  message?: string;
}

export interface ToolSet {
  tools: readonly ModelTool[];
  /** Tools that the user wants in the conversation, and that are not given to the model. */
  leftOut: readonly LeftOutTool[];
  /** The servers of the conversation, also those without a tool at the moment. */
  servers: readonly { id: string; name: string; isAway?: boolean }[];
}

export interface ServerTools {
  server: SnapshotServer;
  /** The list that the live connection found; null until then, and the stored catalogue stands in. */
  live: readonly CatalogueTool[] | null;
  /** It has been down for so long that its tools are not offered. */
  isAway?: boolean;
}

/** How many tokens of definitions are made before others get a turn: a few milliseconds. */
const TOKENS_PER_TURN = 5_000;

export const EMPTY_TOOL_SET: ToolSet = { tools: [], leftOut: [], servers: [] };

/**
 * The tools that the conversation wants. Deterministic: servers in the user's order, tools in the stored order of
 * their server, new ones behind (a live list may come in another order each time), names unique, tools that the user
 * switched off not among them. Who may use them, `forRole` decides; what of it the model can take, tool-fit.ts.
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
    servers: servers.map(({ server, isAway }) => ({
      id: server.id,
      name: server.name,
      ...(isAway && { isAway }),
    })),
  };
}

/** The same set for a user with this role: the tools that the role may not use are left out. */
export function forRole(set: ToolSet, role: Role): ToolSet {
  const isAllowed = ({ access }: ModelTool): boolean => mayUseTool(role, access);
  const forbidden = set.tools.filter((tool) => !isAllowed(tool));
  return {
    ...set,
    tools: set.tools.filter(isAllowed),
    leftOut: [...set.leftOut, ...forbidden.map((tool) => ({ tool, reason: 'role' as const }))],
  };
}

/** Makes what takes long of the set that `buildToolSet` will give: others get their turns meanwhile. */
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
  tool: CatalogueTool;
  /** The same as it is stored; undefined for one that is new. */
  stored: SnapshotServer['tools'][number] | undefined;
  /** For the model. */
  name: string;
}

function offeredTools(servers: readonly ServerTools[]): OfferedTool[] {
  const catalogues = servers.map(({ server, live, isAway }) => ({
    server,
    isAway,
    tools: inStoredOrder(live ?? server.tools, server.tools),
  }));
  // Tools that are not offered take part in the naming, so that none that is gets another name.
  const names = new Map(
    assignToolNames(
      catalogues.map(({ server, tools }) => ({
        slug: server.slug,
        tools: tools.map((tool) => tool.name).toSorted(),
      })),
    ).map(({ slug, tool, name }) => [`${slug}\0${tool}`, name]),
  );
  return catalogues.flatMap(({ server, tools, isAway }) => {
    if (isAway) return [];
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

/** How much of a budget tools take. */
export function sizeOf(tools: readonly ModelTool[]): ToolBudget {
  return { tools: tools.length, tokens: tools.reduce((sum, { tokens }) => sum + tokens, 0) };
}

/** Everything that a set stands for: what the model has, and what is left out. */
export function wantedTools({ tools, leftOut }: ToolSet): ModelTool[] {
  return [...tools, ...leftOut.map(({ tool }) => tool)];
}

/** The tools whose cache time the user has set anew: what was kept of them under the old one goes. */
export function recachedTools(before: readonly ModelTool[], after: readonly ModelTool[]): ModelTool[] {
  const times = new Map(before.map((tool) => [tool.name, tool.cacheTtlMs]));
  return after.filter(({ name, cacheTtlMs }) => times.has(name) && times.get(name) !== cacheTtlMs);
}

/** Whether the model would be given the same tools; another order alone says nothing new to it. */
export function sameTools(a: readonly ModelTool[], b: readonly ModelTool[]): boolean {
  const others = byName(b);
  return a.length === b.length && byName(a).every((tool, place) => isSameTool(tool, others[place]));
}

/** Whether two tools differ in nothing. */
function isSameTool(tool: ModelTool, other: ModelTool | undefined): boolean {
  if (!other || definitionKey(tool) !== definitionKey(other)) return false;
  const rest = ({ parameters: _parameters, description: _description, ...more }: ModelTool) => more;
  return isDeepStrictEqual(rest(tool), rest(other));
}

/** Whether the same tools are left out for the same reasons. */
export function sameLeftOut(a: ToolSet, b: ToolSet): boolean {
  const told = (set: ToolSet) => set.leftOut.map(({ tool, reason }) => `${tool.name} ${reason}`).toSorted();
  return canonicalJson(told(a)) === canonicalJson(told(b));
}

/** Keys by the schema that they are made of: a live list keeps its objects, and a long one is compared often. */
const keys = new WeakMap<object, Pick<ModelTool, 'name' | 'description'> & { key: string }>();

/** The definition as text; the same for tools that the model would see as the same. */
export function definitionKey({ name, description, parameters }: Omit<Definition, 'tokens'>): string {
  const known = keys.get(parameters);
  if (known?.name === name && known.description === description) return known.key;
  const key = canonicalJson({ name, description, parameters });
  keys.set(parameters, { name, description, key });
  return key;
}

/** Tools of a server as it listed them when they were stored; those that are new since come last. */
function inStoredOrder(tools: readonly CatalogueTool[], stored: readonly CatalogueTool[]): CatalogueTool[] {
  const places = new Map(stored.map(({ name }, place) => [name, place]));
  const placeOf = ({ name }: CatalogueTool) => places.get(name) ?? stored.length;
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

/** A live list is read again with every change of anything, and its definitions are the same. */
const definitions = new WeakMap<CatalogueTool, Definition>();

/**
 * Null for a tool whose schema can't be brought into the shape for models. A new list skips those and says why; one that
 * was stored before must not cost the others.
 */
function definitionOf(tool: CatalogueTool, name: string): Definition | null {
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

/** What the user decided about a tool; nothing yet about one that was not stored. */
function choicesOf(
  stored: SnapshotServer['tools'][number] | undefined,
): Pick<ModelTool, 'isPinned' | 'cacheTtlMs'> {
  return {
    isPinned: stored?.is_pinned === true,
    ...(stored?.cache_ttl_seconds && { cacheTtlMs: stored.cache_ttl_seconds * 1_000 }),
  };
}
