import { createHash, timingSafeEqual } from 'node:crypto';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { runAsProcess, startLoopbackServer, type LoopbackServer } from './loopback-server.ts';

const MAX_NOTES = 1000;

/**
 * Starts the notebook: notes in memory, for callers with the key in X-API-Key. The first note adds tools (search, read the
 * latest, delete all) and deleting all notes removes them; every session gets notifications/tools/list_changed.
 * @param options.port port on 127.0.0.1, 0 for any
 * @throws Node's listen error if the port is taken
 */
export function startNotes(options: { port: number; apiKey: string }): Promise<LoopbackServer> {
  const notebook = new Notebook();
  return startLoopbackServer({
    port: options.port,
    createSession: () => createNotes(notebook),
    isAuthorized: (request) => isSame(String(request.headers['x-api-key'] ?? ''), options.apiKey),
  });
}

class Notebook {
  notes: readonly string[] = [];
  readonly readers = new Set<() => void>();

  write(notes: readonly string[]): void {
    this.notes = notes;
    for (const reader of this.readers) reader();
  }
}

function createNotes(notebook: Notebook): { mcp: McpServer; ended: () => void } {
  const server = new McpServer(
    { name: 'notes', title: 'Notes', version: '1.0.0' },
    {
      instructions: 'Keeps short notes. Searching, reading and deleting become possible with the first note.',
      // Three tools change together: one notification is enough.
      debouncedNotificationMethods: ['notifications/tools/list_changed'],
    },
  );

  server.registerTool(
    'add_note',
    {
      title: 'Add note',
      description: 'Writes down a note.',
      inputSchema: {
        text: z
          .string()
          .min(1)
          .max(500)
          .describe('The words of the note.')
          .meta({ examples: ['buy milk', 'call the dentist', 'water the plants'] }),
      },
      annotations: {
        readOnlyHint: false,
        destructiveHint: false,
        idempotentHint: false,
        openWorldHint: false,
      },
    },
    ({ text }) => {
      if (notebook.notes.length >= MAX_NOTES) return { ...say('The notebook is full.'), isError: true };
      notebook.write([...notebook.notes, text]);
      return say(`I wrote down: ${text}. ${count(notebook.notes.length)} now.`);
    },
  );

  server.registerTool(
    'list_notes',
    {
      title: 'List notes',
      description: 'Tells all notes that were written down.',
      inputSchema: {},
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    () => say(sentence(notebook.notes, 'There are no notes.')),
  );

  const toolsForNotes = [
    server.registerTool(
      'read_latest_note',
      {
        title: 'Read latest note',
        description: 'Reads out the note that was written down last.',
        inputSchema: {},
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      () => say(`The latest note says: ${notebook.notes.at(-1) ?? 'nothing'}.`),
    ),
    server.registerTool(
      'search_notes',
      {
        title: 'Search notes',
        description: 'Finds the notes that contain a word.',
        inputSchema: {
          word: z
            .string()
            .min(1)
            .max(100)
            .describe('The word to look for.')
            .meta({ examples: ['milk'] }),
        },
        annotations: { readOnlyHint: true, openWorldHint: false },
      },
      ({ word }) =>
        say(
          sentence(
            notebook.notes.filter((note) => note.toLowerCase().includes(word.toLowerCase())),
            `No note has the word ${word}.`,
          ),
        ),
    ),
    server.registerTool(
      'delete_all_notes',
      {
        title: 'Delete all notes',
        description: 'Throws all notes away.',
        inputSchema: {},
        annotations: {
          readOnlyHint: false,
          destructiveHint: true,
          idempotentHint: true,
          openWorldHint: false,
        },
      },
      () => {
        notebook.write([]);
        return say('All notes are deleted.');
      },
    ),
  ];

  const offerTools = (): void => {
    const hasNotes = notebook.notes.length > 0;
    for (const tool of toolsForNotes) if (tool.enabled !== hasNotes) tool.update({ enabled: hasNotes });
  };
  offerTools();
  notebook.readers.add(offerTools);
  return { mcp: server, ended: () => notebook.readers.delete(offerTools) };
}

function say(text: string) {
  return { content: [{ type: 'text' as const, text }] };
}

function sentence(notes: readonly string[], none: string): string {
  return notes.length === 0 ? none : `${count(notes.length)}: ${notes.join('; ')}.`;
}

function count(notes: number): string {
  return notes === 1 ? 'There is 1 note' : `There are ${notes} notes`;
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

if (import.meta.main) {
  const apiKey = process.env.NOTES_API_KEY;
  if (!apiKey) {
    console.error('notes: NOTES_API_KEY is not set; it is the key that clients send in X-API-Key.');
    process.exit(1);
  }
  await runAsProcess('notes', 4112, (port) => startNotes({ port, apiKey }));
}
