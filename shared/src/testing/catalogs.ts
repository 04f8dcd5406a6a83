import { readFileSync } from 'node:fs';

const NAMES = ['mongodb', 'notion', 'playwright', 'chrome-devtools', 'firecrawl'] as const;
export type RecordedServer = (typeof NAMES)[number];

/** A tool as a server lists it. */
export interface RecordedTool {
  name: string;
  title?: string;
  description?: string;
  inputSchema: { type: 'object'; [key: string]: unknown };
  annotations?: { readOnlyHint?: boolean; [key: string]: unknown };
}

/** The tools of a real MCP server in its own order; see catalogs/README.md for where they come from. */
export function recordedCatalog(name: RecordedServer): RecordedTool[] {
  const file = new URL(`./catalogs/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as RecordedTool[];
}

/** All of them: about 53,000 tokens, three times what a voice model takes. */
export function recordedCatalogs(): { name: RecordedServer; tools: RecordedTool[] }[] {
  return NAMES.map((name) => ({ name, tools: recordedCatalog(name) }));
}
