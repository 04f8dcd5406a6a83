/** What a tool may do, and to whom it is open. Nothing else may read a server's hints to allow anything. */
import type { Role } from './schema/workspace.ts';
import type { ToolAccess, ToolAnnotations } from './schema/tool.ts';

/** What a server says about a tool, and what the workspace decided. */
export interface JudgedTool {
  /** What the workspace set; null or absent: nothing. */
  access?: ToolAccess | null | undefined;
  annotations?: ToolAnnotations | null | undefined;
}

/** The server that lists the tool. */
export interface HintSource {
  /** The workspace believes what the server says about its tools. */
  trusts_hints: boolean;
}

/**
 * The access of a tool: what the workspace set; else `destructive` where the server says so, whether it is trusted or
 * not; else `read` where a trusted server says so; else `write`. A hint that is not a boolean counts for nothing.
 */
export function toolAccess({ access, annotations }: JudgedTool, server: HintSource): ToolAccess {
  if (access) return access;
  if (annotations?.destructiveHint === true) return 'destructive';
  return server.trusts_hints && annotations?.readOnlyHint === true ? 'read' : 'write';
}

/**
 * Whether a call may be made a second time, or be given up, without asking: the tool only reads, or a trusted server
 * says that calling it twice does no more than once.
 */
export function isRepeatable(tool: JudgedTool, server: HintSource): boolean {
  if (toolAccess(tool, server) === 'read') return true;
  return server.trusts_hints && tool.annotations?.idempotentHint === true;
}

/** Whether somebody with this role may use a tool with this access. */
export function mayUseTool(role: Role, access: ToolAccess): boolean {
  return role !== 'viewer' || access === 'read';
}
