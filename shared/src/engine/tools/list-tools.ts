/** Reads all pages of a list of tools, also of a server whose list has no end. */

import { AppError } from '../../contract/errors.ts';
import { isAnswer } from '../messages/classify.ts';

/** A list that is longer has lost its way. */
const MAX_PAGES = 100;
/** Pages in a row that may bring nothing new: those of a list that is filtered for us do. */
const MAX_EMPTY_PAGES = 3;
/** Beyond it no further page is read (see `jsonWeight`). */
const MAX_LIST_WEIGHT = 8 * 1024 * 1024;
/** A model takes 128 at most. */
const MAX_TOOLS = 5_000;

export interface ToolPage {
  tools: readonly unknown[];
  nextCursor: string | undefined;
  /** The `jsonWeight` of this page and those before it. */
  listWeight: number;
}

export interface ListedTools {
  /** Raw elements of `tools/list`, as the server sent them. */
  tools: unknown[];
  /** What was odd about the list, as a sentence for the user; null when nothing was. */
  note: string | null;
}

/**
 * Reads page after page. A list that repeats itself, brings nothing new or goes on for too long ends there, with
 * the tools that were found.
 * @param readPage asks for one page; what it throws ends the list, unless the server answered a cursor of its own with
 * an error
 */
export async function listAllTools(
  readPage: (cursor: string | undefined) => Promise<ToolPage>,
): Promise<ListedTools> {
  const tools: unknown[] = [];
  const known = new Set<string>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  let emptyPages = 0;
  for (let pages = 1; ; pages += 1) {
    let page: ToolPage;
    try {
      page = await readPage(cursor);
    } catch (error) {
      if (cursor === undefined || !isRejectedCursor(error)) throw error;
      return { tools: unique(tools), note: endless('a cursor that it then rejects', known.size) };
    }
    const room = MAX_TOOLS - tools.length;
    let fresh = 0;
    for (const tool of page.tools.slice(0, room)) {
      const key = keyOf(tool);
      if (!known.has(key)) fresh += 1;
      known.add(key);
      tools.push(tool);
    }
    cursor = page.nextCursor;
    const isRepeated = cursor !== undefined && cursors.has(cursor);
    const excess = excessOf(page, room);
    if (excess !== null) return { tools: unique(tools), note: tooLong(excess, known.size) };
    if (cursor === undefined) return { tools, note: null };
    emptyPages = fresh === 0 ? emptyPages + 1 : 0;
    const reason = endOf({ cursor, isRepeated, emptyPages, pages });
    // A tool that is there twice in an honest list is reported by the catalog; a page that came again is not.
    if (reason !== null) return { tools: unique(tools), note: endless(reason, known.size) };
    cursors.add(cursor);
  }
}

/** A JSON-RPC error is the server's word on the request; anything else may pass. */
function isRejectedCursor(error: unknown): boolean {
  return error instanceof AppError && error.code === 'server_error' && isAnswer(error.cause);
}

/** What the list has too much of; null while there is room for another page. */
function excessOf({ tools, nextCursor, listWeight }: ToolPage, room: number): string | null {
  const hasMore = nextCursor !== undefined;
  if (tools.length > room || (hasMore && tools.length === room)) return `more than ${MAX_TOOLS} tools`;
  return hasMore && listWeight > MAX_LIST_WEIGHT ? 'more than 8 MB' : null;
}

function endOf(list: {
  cursor: string;
  isRepeated: boolean;
  emptyPages: number;
  pages: number;
}): string | null {
  if (list.cursor === '') return 'an empty cursor';
  if (list.isRepeated) return 'a cursor that it sent before';
  if (list.emptyPages >= MAX_EMPTY_PAGES) return 'more and more pages that bring no new tool';
  return list.pages >= MAX_PAGES ? `more than ${MAX_PAGES} pages` : null;
}

function endless(reason: string, count: number): string {
  return `The list of tools does not end properly: the server sends ${reason}. ${stoppedAt(count)}`;
}

function tooLong(excess: string, count: number): string {
  return `The list of tools is too long: the server sends ${excess}. ${stoppedAt(count)}`;
}

function stoppedAt(count: number): string {
  const tools = count === 1 ? 'the tool' : `the ${count} tools`;
  return `Patchbay stopped there and keeps ${tools} it found.`;
}

function unique(tools: readonly unknown[]): unknown[] {
  return [...new Map(tools.map((tool) => [keyOf(tool), tool])).values()];
}

/** What tells one raw tool from another. */
function keyOf(tool: unknown): string {
  const name = typeof tool === 'object' && tool !== null && 'name' in tool ? tool.name : undefined;
  if (typeof name === 'string') return `name ${name}`;
  try {
    return JSON.stringify(tool);
  } catch {
    // Nested too deeply; the catalog skips it.
    return 'unreadable';
  }
}
