import type { CatalogueTool, SnapshotServer } from '@patchbay/shared/schema/snapshot';
import { schemaForModel } from '@patchbay/shared/mcp/model-schema';
import { assignToolNames } from '@patchbay/shared/naming';
import { canonicalJson } from '@patchbay/shared/canonical-json';

/** OpenAI's limit for one session. */
export const MODEL_TOOL_LIMIT = 128;
/** Longer descriptions cost tokens on every turn and add little. */
const DESCRIPTION_LIMIT = 1024;

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
  /** The server says that calling twice does no harm. */
  repeatable: boolean;
  /** How old an answer may be that the user lets stand in for a new one; without it every call is made. */
  cacheTtlMs?: number;
}

export interface LeftOutTool {
  serverId: string;
  serverName: string;
  toolName: string;
  reason: 'limit';
}

export interface ToolSet {
  tools: readonly ModelTool[];
  leftOut: readonly LeftOutTool[];
  /** The servers of the conversation, also those without a tool at the moment. */
  servers: readonly { id: string; name: string }[];
}

export interface ServerTools {
  server: SnapshotServer;
  /** The list that the live connection found; null until then, and the stored catalogue stands in. */
  live: readonly CatalogueTool[] | null;
}

export const EMPTY_TOOL_SET: ToolSet = { tools: [], leftOut: [], servers: [] };

/**
 * The tools that the model should have. Deterministic: servers in the order given, tools of a server by name
 * (its list and the stored catalogue come in different orders), names unique, tools that the user switched off
 * left out, and what is above the limit too.
 */
export function buildToolSet(servers: readonly ServerTools[], limit = MODEL_TOOL_LIMIT): ToolSet {
  const catalogues = servers.map(({ server, live }) => ({
    server,
    tools: [...(live ?? server.tools)].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }));
  // Switched-off tools take part in the naming, so that switching one never renames another.
  const names = new Map(
    assignToolNames(
      catalogues.map(({ server, tools }) => ({ slug: server.slug, tools: tools.map((tool) => tool.name) })),
    ).map(({ slug, tool, name }) => [`${slug}\0${tool}`, name]),
  );
  const enabled = catalogues.flatMap(({ server, tools }) => {
    const stored = new Map(server.tools.map((tool) => [tool.name, tool]));
    return tools
      .filter((tool) => stored.get(tool.name)?.is_enabled !== false)
      .map((tool) => ({
        ...toModelTool(server, tool, names.get(`${server.slug}\0${tool.name}`) ?? tool.name),
        ...cachingOf(stored.get(tool.name)),
      }));
  });
  return {
    tools: enabled.slice(0, limit),
    leftOut: enabled.slice(limit).map(({ serverId, serverName, toolName }) => ({
      serverId,
      serverName,
      toolName,
      reason: 'limit',
    })),
    servers: servers.map(({ server }) => ({ id: server.id, name: server.name })),
  };
}

/** The tools whose cache time the user has set anew: what was kept of them under the old one goes. */
export function recachedTools(before: readonly ModelTool[], after: readonly ModelTool[]): ModelTool[] {
  const times = new Map(before.map((tool) => [tool.name, tool.cacheTtlMs]));
  return after.filter(({ name, cacheTtlMs }) => times.has(name) && times.get(name) !== cacheTtlMs);
}

/** Whether the model would be given the same, tool by tool and in the same order. */
export function sameTools(a: readonly ModelTool[], b: readonly ModelTool[]): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** The part of a tool that the model sees, in the shape that the Realtime API echoes. */
export function toDefinition({ name, description, parameters }: ModelTool) {
  return { type: 'function' as const, name, description, parameters };
}

function toModelTool(server: SnapshotServer, tool: CatalogueTool, name: string): ModelTool {
  const description = tool.description || tool.title || tool.name;
  return {
    name,
    description: description.slice(0, DESCRIPTION_LIMIT),
    parameters: schemaForModel(tool.input_schema),
    serverId: server.id,
    serverName: server.name,
    toolName: tool.name,
    repeatable: tool.annotations?.readOnlyHint === true || tool.annotations?.idempotentHint === true,
  };
}

function cachingOf(stored: SnapshotServer['tools'][number] | undefined): Pick<ModelTool, 'cacheTtlMs'> {
  return stored?.cache_ttl_seconds ? { cacheTtlMs: stored.cache_ttl_seconds * 1_000 } : {};
}
