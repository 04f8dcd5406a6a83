import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { serverState, type Tone } from '$lib/servers/state-labels.ts';

export const STATE_FILTERS = ['all', 'connected', 'needs_you', 'failing', 'off'] as const;
type StateFilter = (typeof STATE_FILTERS)[number];

export interface Filter {
  search: string;
  state: StateFilter;
  tag: string | null;
}

export const NO_FILTER: Filter = { search: '', state: 'all', tag: null };

const TONE_OF: Record<Exclude<StateFilter, 'all'>, Tone> = {
  connected: 'ok',
  needs_you: 'warn',
  failing: 'bad',
  off: 'off',
};

/** Servers that match the whole filter. The search covers name, URL, description and tags. */
export function matching(servers: McpServerRow[], filter: Filter): McpServerRow[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  return servers.filter((server) => {
    if (filter.tag !== null && !server.tags.includes(filter.tag)) return false;
    if (filter.state !== 'all' && toneOf(server) !== TONE_OF[filter.state]) return false;
    if (words.length === 0) return true;
    const text = [server.name, server.url, server.description ?? '', ...server.tags].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export interface FilterChoice {
  state: StateFilter;
  label: string;
  count: number;
}

/** The state filters that match any server, with counts. */
export function stateChoices(servers: McpServerRow[]): FilterChoice[] {
  const counts = new Map<Tone, number>();
  for (const server of servers) counts.set(toneOf(server), (counts.get(toneOf(server)) ?? 0) + 1);
  const choice = (state: StateFilter, label: string, count: number) => ({ state, label, count });
  return [
    choice('all', 'All', servers.length),
    choice('connected', 'Connected', counts.get('ok') ?? 0),
    choice('needs_you', 'Needs attention', counts.get('warn') ?? 0),
    choice('failing', 'Failing', counts.get('bad') ?? 0),
    choice('off', 'Disabled', counts.get('off') ?? 0),
  ].filter((one) => one.state === 'all' || one.count > 0);
}

/** All tags in use, most used first. */
export function tagsInUse(servers: McpServerRow[]): string[] {
  const counts = new Map<string, number>();
  for (const tag of servers.flatMap((server) => server.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0])).map(([tag]) => tag);
}

function toneOf(server: McpServerRow): Tone {
  return serverState(server, 0).tone;
}
