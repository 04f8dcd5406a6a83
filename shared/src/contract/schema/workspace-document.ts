import { z } from 'zod';
import { ToolAccess } from './tool.ts';

const ToolChoice = z.object({
  name: z.string(),
  is_enabled: z.boolean(),
  /** Absent in documents of earlier versions: the pin stays as it is. */
  is_pinned: z.boolean().optional(),
  cache_ttl_seconds: z.int().nullable(),
  /** Absent in documents of earlier versions: what is set stays. */
  access: ToolAccess.nullish(),
});

/**
 * A workspace as `export_workspace` gives it. `import_workspace` takes it again, and documents written by hand:
 * there everything but the name and address of a server and the name of an agent may be left out, and every
 * mistake is reported with its place.
 */
export const WorkspaceDocument = z.object({
  format: z.literal('patchbay.workspace'),
  version: z.literal(1),
  workspace: z.object({ name: z.string() }).optional(),
  servers: z.array(
    z.looseObject({ name: z.string(), url: z.string(), slug: z.string().optional() }).extend({
      has_credential: z.boolean().optional(),
      tools: z.array(ToolChoice).optional(),
    }),
  ),
  agents: z.array(z.looseObject({ name: z.string(), servers: z.array(z.string()).optional() })),
});
export type WorkspaceDocument = z.infer<typeof WorkspaceDocument>;

const Outcomes = z.object({
  added: z.array(z.string()),
  changed: z.array(z.string()),
  /** As they were. */
  left: z.array(z.string()),
  /** There, and not the caller's to edit. */
  refused: z.array(z.string()),
});

/** What an import changes of one thing: each field with the values before and after. */
const ImportChange = z.object({
  kind: z.enum(['server', 'agent', 'tool']),
  /** Of a tool after the slug of its server, such as `notes/add`. */
  name: z.string(),
  is_new: z.boolean(),
  fields: z.record(z.string(), z.object({ from: z.unknown(), to: z.unknown() })),
});
export type ImportChange = z.infer<typeof ImportChange>;

/** The answer of `import_workspace`: slugs of servers, names of agents. */
export const ImportAnswer = z.object({
  servers: Outcomes,
  agents: Outcomes,
  /** Slugs of servers whose key has to be entered, with the function `server-credential`. */
  credentials_needed: z.array(z.string()),
  changes: z.array(ImportChange),
});
export type ImportAnswer = z.infer<typeof ImportAnswer>;
