import { z } from 'zod';
import { choice } from './fields.ts';
import { Timestamp } from './server.ts';

const JsonSchemaObject = z.record(z.string(), z.unknown());

/** What a tool may do: only read, change something, or delete and overwrite. */
export const ToolAccess = choice(['read', 'write', 'destructive']);
export type ToolAccess = z.infer<typeof ToolAccess>;

/** Hints that a server gives about a tool. They are claims of the server: `toolAccess` says which of them count. */
export const ToolAnnotations = z.looseObject({
  title: z.string().optional(),
  readOnlyHint: z.boolean().optional(),
  destructiveHint: z.boolean().optional(),
  idempotentHint: z.boolean().optional(),
  openWorldHint: z.boolean().optional(),
});
export type ToolAnnotations = z.infer<typeof ToolAnnotations>;

/** A tool of a catalog as a connection found it. Absent and null mean the same. */
export const CatalogTool = z.object({
  name: z.string(),
  title: z.string().nullish(),
  description: z.string().nullish(),
  input_schema: JsonSchemaObject,
  output_schema: JsonSchemaObject.nullish(),
  annotations: ToolAnnotations.nullish(),
  fingerprint: z.string(),
});
export type CatalogTool = z.infer<typeof CatalogTool>;

/** A row of `mcp_tools` as REST gives it. */
export const McpToolRow = z.object({
  id: z.string().optional(),
  server_id: z.string(),
  name: z.string(),
  /** Its place in the list of its server, from 1 on; 0 until that was read again. */
  position: z.int(),
  title: z.string().nullable(),
  description: z.string().nullable(),
  input_schema: JsonSchemaObject,
  output_schema: JsonSchemaObject.nullable(),
  annotations: ToolAnnotations.nullable(),
  fingerprint: z.string(),
  is_enabled: z.boolean(),
  /** Comes before other tools when a model cannot take all of them. */
  is_pinned: z.boolean(),
  cache_ttl_seconds: z.int().nullable(),
  /** What the workspace set; null: the hints of a trusted server decide, see tool-access. */
  access: ToolAccess.nullable(),
  first_seen_at: Timestamp,
  last_seen_at: Timestamp,
});
export type McpToolRow = z.infer<typeof McpToolRow>;
