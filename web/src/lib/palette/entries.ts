import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import type { NamedTool } from '../server/servers/tools.ts';
import { hostOf } from '../servers/state-labels.ts';
import { toolHash } from '../tools/tool-anchor.ts';

/** The groups in the order in which they stand. */
export const GROUPS = ['Go to', 'Actions', 'Servers', 'Server actions', 'Tools'] as const;

/** What the page does with a server without leading there. */
export type ServerAction = 'reconnect' | 'test' | 'switch';
type Run = 'theme' | 'shortcuts' | { action: ServerAction; server: McpServerRow };

/** Something that the palette leads to or does. */
export interface PaletteEntry {
  id: string;
  group: (typeof GROUPS)[number];
  label: string;
  /** Further words by which it is found, and what is shown beside it. */
  note: string;
  /** Where it leads; else what it does. */
  href?: string;
  run?: Run;
  keys?: string;
}

const page = (href: string, label: string, note: string, keys?: string): PaletteEntry => ({
  id: `page:${href}`,
  group: 'Go to',
  label,
  note,
  href,
  ...(keys && { keys }),
});

const PAGES: PaletteEntry[] = [
  page('/servers', 'Servers', 'list', 'g s'),
  page('/talk', 'Talk', 'conversation, voice', 'g t'),
  page('/agents', 'Agents', 'prompt, voice', 'g a'),
  page('/conversations', 'History', 'conversations, transcripts', 'g h'),
  page('/notices', 'Notices', 'outages, webhook', 'g n'),
  page('/workspace', 'Workspace', 'members, limits, tags', 'g w'),
  page('/workspace/transfer', 'Export and import', 'workspace as JSON'),
  page('/account', 'Account', 'password, theme, sign out'),
];

/** What can be gone to and done now. */
export function paletteEntries(
  servers: McpServerRow[],
  tools: NamedTool[],
  canEdit: boolean,
): PaletteEntry[] {
  const changes: PaletteEntry[] = [
    { id: 'do:add', group: 'Actions', label: 'Add a server', note: 'new', href: '/servers/new', keys: 'n' },
    {
      id: 'do:import',
      group: 'Actions',
      label: 'Import servers',
      note: 'mcpServers JSON',
      href: '/servers/import',
    },
  ];
  return [
    ...PAGES,
    ...(canEdit ? changes : []),
    { id: 'do:talk', group: 'Actions', label: 'Start a conversation', note: 'talk, voice', href: '/talk' },
    { id: 'do:theme', group: 'Actions', label: 'Switch theme', note: 'dark, light, system', run: 'theme' },
    {
      id: 'do:shortcuts',
      group: 'Actions',
      label: 'Show keyboard shortcuts',
      note: 'help',
      run: 'shortcuts',
      keys: '?',
    },
    ...servers.map((server): PaletteEntry => ({
      id: `server:${server.id}`,
      group: 'Servers',
      label: server.name,
      note: hostOf(server.url),
      href: `/servers/${server.id}`,
    })),
    ...(canEdit ? servers.flatMap(serverActions) : []),
    ...toolEntries(servers, tools),
  ];
}

function serverActions(server: McpServerRow): PaletteEntry[] {
  const entry = (name: string, label: string, note: string, does: Pick<PaletteEntry, 'href' | 'run'>) => ({
    id: `${name}:${server.id}`,
    group: 'Server actions' as const,
    label: `${label} ${server.name}`,
    note,
    ...does,
  });
  const run = (action: ServerAction) => ({ run: { action, server } });
  return [
    entry('reconnect', 'Reconnect', 'refresh tools', run('reconnect')),
    entry('test', 'Test', 'test the connection', run('test')),
    entry('edit', 'Edit', 'URL, authentication, tags', { href: `/servers/${server.id}/edit` }),
    server.is_active
      ? entry('switch', 'Disable', 'deactivate, turn off', run('switch'))
      : entry('switch', 'Enable', 'activate, turn on', run('switch')),
  ];
}

function toolEntries(servers: McpServerRow[], tools: NamedTool[]): PaletteEntry[] {
  const names = new Map(servers.map(({ id, name }) => [id, name]));
  return tools.map(({ server_id: id, name, title }) => ({
    id: `tool:${id}:${name}`,
    group: 'Tools',
    label: name,
    note: [names.get(id), title === name ? null : title].filter(Boolean).join(' · '),
    href: `/servers/${id}${toolHash(name)}`,
  }));
}

/** They are many for each server: shown to who searches for them. */
const ONLY_FOUND = new Set<PaletteEntry['group']>(['Server actions', 'Tools']);

/** Entries that hold every word, those whose label begins with them first; as many as can be looked through. */
export function matchingEntries(entries: PaletteEntry[], search: string, most = 60): PaletteEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const first = words[0];
  if (!first) return entries.filter(({ group }) => !ONLY_FOUND.has(group)).slice(0, most);
  const text = ({ label, note }: PaletteEntry) => `${label} ${note}`.toLowerCase();
  const isClose = (entry: PaletteEntry) => (entry.label.toLowerCase().startsWith(first) ? 0 : 1);
  return entries
    .filter((entry) => words.every((word) => text(entry).includes(word)))
    .toSorted((a, b) => isClose(a) - isClose(b))
    .slice(0, most);
}
