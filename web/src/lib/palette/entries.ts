import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import type { NamedTool } from '../server/servers/tools.ts';
import { hostOf } from '../servers/state-labels.ts';
import { toolHash } from '../tools/tool-anchor.ts';

/** The groups in order. */
export const GROUPS = ['Go to', 'Actions', 'Servers', 'Server actions', 'Tools'] as const;

export type ServerAction = 'reconnect' | 'test' | 'switch';
type Run = 'theme' | 'shortcuts' | { action: ServerAction; server: McpServerRow };

export interface PaletteEntry {
  id: string;
  group: (typeof GROUPS)[number];
  label: string;
  /** More text to search and to show beside the label. */
  note: string;
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

/** All entries that are available now. */
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

/** Many per server, so shown only in search results. */
const ONLY_FOUND = new Set<PaletteEntry['group']>(['Server actions', 'Tools']);

/** Entries that contain every word, best matches first, up to a readable number. */
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
