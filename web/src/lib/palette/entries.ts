import type { McpServerRow } from '@patchbay/shared/schema/server';
import { hostOf } from '../servers/state-words.ts';

/** Something that the palette leads to or does. */
export interface PaletteEntry {
  id: string;
  group: 'Go to' | 'Do' | 'Servers';
  label: string;
  /** Further words by which it is found, and what is shown beside it. */
  note: string;
  /** Where it leads; else what it does. */
  href?: string;
  run?: 'theme' | 'shortcuts';
  keys?: string;
}

const PAGES: PaletteEntry[] = [
  { id: 'page:servers', group: 'Go to', label: 'Servers', note: 'list', href: '/servers', keys: 'g s' },
  { id: 'page:talk', group: 'Go to', label: 'Talk', note: 'conversation, voice', href: '/talk', keys: 'g t' },
  {
    id: 'page:conversations',
    group: 'Go to',
    label: 'Conversations',
    note: 'history, transcripts',
    href: '/conversations',
  },
  {
    id: 'page:workspace',
    group: 'Go to',
    label: 'Workspace',
    note: 'members, limits, tags',
    href: '/workspace',
  },
  { id: 'page:account', group: 'Go to', label: 'Account', note: 'password, sign out', href: '/account' },
  { id: 'page:agents', group: 'Go to', label: 'Agents', note: 'prompt, voice', href: '/agents', keys: 'g a' },
];

/** What can be gone to and done now. */
export function paletteEntries(servers: McpServerRow[], canEdit: boolean): PaletteEntry[] {
  const changes: PaletteEntry[] = [
    { id: 'do:add', group: 'Do', label: 'Add a server', note: 'new', href: '/servers/new', keys: 'n' },
    {
      id: 'do:import',
      group: 'Do',
      label: 'Import servers',
      note: 'mcpServers JSON',
      href: '/servers/import',
    },
  ];
  return [
    ...PAGES,
    ...(canEdit ? changes : []),
    { id: 'do:talk', group: 'Do', label: 'Start talking', note: 'conversation', href: '/talk' },
    { id: 'do:theme', group: 'Do', label: 'Change the theme', note: 'dark, light, system', run: 'theme' },
    {
      id: 'do:shortcuts',
      group: 'Do',
      label: 'Show the keyboard shortcuts',
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
  ];
}

/** Entries that hold every word, those whose label begins with them first; as many as can be looked through. */
export function matchingEntries(entries: PaletteEntry[], search: string, most = 60): PaletteEntry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const text = ({ label, note }: PaletteEntry) => `${label} ${note}`.toLowerCase();
  const found = entries.filter((entry) => words.every((word) => text(entry).includes(word)));
  const first = words[0] ?? '';
  const isClose = (entry: PaletteEntry) => (entry.label.toLowerCase().startsWith(first) ? 0 : 1);
  return (first ? found.toSorted((a, b) => isClose(a) - isClose(b)) : found).slice(0, most);
}
