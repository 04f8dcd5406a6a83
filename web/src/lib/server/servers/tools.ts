import { inTurns } from '@patchbay/shared/engine/in-turns';
import { isShortened, modelDefinition } from '@patchbay/shared/engine/tools/model-definition';
import { modelToolName } from '@patchbay/shared/contract/naming';
import { estimateToolTokens } from '@patchbay/shared/contract/json/token-estimate';
import { ToolCallRow, type ToolCallOutcome } from '@patchbay/shared/contract/schema/session';
import { McpToolRow } from '@patchbay/shared/contract/schema/tool';
import { TooMuchWork } from '@patchbay/shared/contract/json/work-budget';
import { z } from 'zod';
import { allRows, NOT_FOUND, rows, writtenRows } from '../database.ts';
import type { Result } from '../result.ts';
import type { ListedTool } from '../../tools/listed-tool.ts';
import type { SignedIn } from '../auth/session.ts';

const TOOL_COLUMNS = Object.keys(McpToolRow.shape)
  .filter((column) => column !== 'id')
  .join(',');

export const ServerCheck = z.object({
  checked_at: z.string(),
  ok: z.boolean(),
  error_code: z.string().nullable(),
});
export type ServerCheck = z.infer<typeof ServerCheck>;

export function listTools(who: SignedIn, serverId: string): Promise<McpToolRow[]> {
  return rows(
    who.supabase.from('mcp_tools').select(TOOL_COLUMNS).eq('server_id', serverId).order('name'),
    McpToolRow,
  );
}

/** Tokens to estimate before yielding to other requests: a few milliseconds of work. */
const TOKENS_PER_TURN = 5_000;

/**
 * Adds each tool's name and size as the model gets them.
 * @param slug of the tools' server
 */
export async function withModelView(tools: readonly McpToolRow[], slug: string): Promise<ListedTool[]> {
  const listed: ListedTool[] = [];
  await inTurns(
    tools,
    (tool) => {
      const modelName = modelToolName(slug, tool.name);
      const tokens = tokensOf(tool, modelName);
      listed.push({ ...tool, modelName, tokens, isShortened: isShortened(tool) });
      return tokens;
    },
    TOKENS_PER_TURN,
  );
  return listed;
}

/** 0 for a tool whose schema is too complex: the model does not get it. */
function tokensOf(tool: McpToolRow, modelName: string): number {
  try {
    return estimateToolTokens(modelDefinition(modelName, tool));
  } catch (error) {
    if (error instanceof TooMuchWork) return 0;
    throw error;
  }
}

export const NamedTool = McpToolRow.pick({ server_id: true, name: true, title: true });
export type NamedTool = z.infer<typeof NamedTool>;

const MAX_NAMES = 5000;

export function listToolNames(who: SignedIn, workspaceId: string): Promise<NamedTool[]> {
  return allRows(
    (from, to) =>
      who.supabase
        .from('mcp_tools')
        .select(Object.keys(NamedTool.shape).join(','))
        .eq('workspace_id', workspaceId)
        .order('name')
        .order('id')
        .range(from, to),
    NamedTool,
    MAX_NAMES,
  );
}

/** Saves the user's settings of a tool. */
export async function changeTool(
  who: SignedIn,
  serverId: string,
  name: string,
  change: Partial<Pick<McpToolRow, 'is_enabled' | 'is_pinned' | 'cache_ttl_seconds' | 'access'>>,
): Promise<Result> {
  const answer = await who.supabase
    .from('mcp_tools')
    .update(change)
    .eq('server_id', serverId)
    .eq('name', name)
    .select('name');
  return writtenRows(answer, NOT_FOUND);
}

export function listChecks(who: SignedIn, serverId: string, limit: number): Promise<ServerCheck[]> {
  return rows(
    who.supabase
      .from('mcp_server_checks')
      .select('checked_at, ok, error_code')
      .eq('server_id', serverId)
      .order('checked_at', { ascending: false })
      .limit(limit),
    ServerCheck,
  );
}

/**
 * Lists calls of a server's tools, newest first.
 * @param before only calls that began earlier; null for the newest
 */
export function listCalls(
  who: SignedIn,
  serverId: string,
  { outcome, before }: { outcome: ToolCallOutcome | null; before: string | null },
  limit: number,
): Promise<ToolCallRow[]> {
  let query = who.supabase
    .from('tool_calls')
    .select(Object.keys(ToolCallRow.shape).join(','))
    .eq('server_id', serverId);
  if (outcome) query = query.eq('outcome', outcome);
  if (before) query = query.lt('started_at', before);
  return rows(query.order('started_at', { ascending: false }).limit(limit), ToolCallRow);
}
