import type { ConnectionStateName } from '@patchbay/shared/contract/schema/activity';
import type { McpServerRow } from '@patchbay/shared/contract/schema/server';
import { formatCount } from '$lib/ui/format-count.ts';
import { serverState, formatToolCount, type Tone } from '$lib/servers/state-labels.ts';

export interface Plug {
  server: McpServerRow;
  cord: number;
  toolCount: number;
  isPlugged: boolean;
  /** Its tools are known while its connection is starting. */
  isConnecting: boolean;
  tone: Tone;
  words: string;
}

const CORDS = 6;
const SEPARATOR = '__';

interface Conversation {
  isRunning: boolean;
  /** The model's tool names. */
  toolNames: readonly string[];
  connections: ReadonlyMap<string, ConnectionStateName>;
}

/** Finds a tool's server by the slug that the model's name begins with. */
export function serverOfTool(name: string, servers: readonly McpServerRow[]): McpServerRow | undefined {
  return servers
    .filter((server) => name.startsWith(server.slug + SEPARATOR))
    .toSorted((a, b) => b.slug.length - a.slug.length)[0];
}

/** A tool's name without its server's prefix. */
export function bareToolName(name: string, server: McpServerRow | undefined): string {
  return server ? name.slice(server.slug.length + SEPARATOR.length) : name;
}

/** The color of a server's cord, by its index, so that neighbors differ. */
export function cordOf(serverId: string, servers: readonly McpServerRow[]): number {
  const index = servers.findIndex((server) => server.id === serverId);
  return (Math.max(0, index) % CORDS) + 1;
}

/** The servers to show beside the conversation, in the workspace's order. */
export function plugsOf(servers: readonly McpServerRow[], conversation: Conversation, now: number): Plug[] {
  const counts = new Map<string, number>();
  for (const name of conversation.toolNames) {
    const owner = serverOfTool(name, servers);
    if (owner) counts.set(owner.id, (counts.get(owner.id) ?? 0) + 1);
  }
  return servers.map((server) => plugOf(server, servers, counts.get(server.id) ?? 0, conversation, now));
}

function plugOf(
  server: McpServerRow,
  servers: readonly McpServerRow[],
  toolCount: number,
  conversation: Conversation,
  now: number,
): Plug {
  const connection = conversation.connections.get(server.id);
  const isPlugged = toolCount > 0;
  const isConnecting =
    server.is_active &&
    (connection === 'connecting' || connection === 'discovering' || connection === 'waiting');
  const state = serverState(server, now);
  const plug = { server, cord: cordOf(server.id, servers), toolCount, isPlugged, isConnecting };
  if (isPlugged && isConnecting)
    return { ...plug, tone: 'wait', words: `Reconnecting (${formatCount(toolCount, 'tool')} cached)` };
  if (isPlugged) return { ...plug, tone: 'ok', words: formatCount(toolCount, 'tool') };
  if (server.is_active && connection === 'ready') return { ...plug, tone: 'ok', words: 'No tools' };
  if (state.tone !== 'ok') return { ...plug, tone: state.tone, words: state.word };
  return {
    ...plug,
    tone: 'ok',
    words: conversation.isRunning ? 'Not in this conversation' : formatToolCount(server.tool_count),
  };
}

/** Describes a change of tools, one line per server. The first set is one line. */
export function describeToolChanges(
  before: readonly string[],
  after: readonly string[],
  servers: readonly McpServerRow[],
): string[] {
  if (before.length === 0 && after.length > 0) return [`The agent has ${formatCount(after.length, 'tool')}`];
  const changes = new Map<string, { added: number; removed: number; had: boolean; has: boolean }>();
  const held = new Set(before);
  const holds = new Set(after);
  for (const name of new Set([...before, ...after])) {
    const owner = serverOfTool(name, servers)?.name ?? name.split(SEPARATOR)[0] ?? name;
    const change = changes.get(owner) ?? { added: 0, removed: 0, had: false, has: false };
    if (holds.has(name)) change.has = true;
    if (held.has(name)) change.had = true;
    if (holds.has(name) && !held.has(name)) change.added++;
    if (held.has(name) && !holds.has(name)) change.removed++;
    changes.set(owner, change);
  }
  return [...changes].flatMap(([owner, { added, removed, had, has }]) => {
    if (!had && has) return `${owner} added: +${formatCount(added, 'tool')}`;
    if (had && !has) return `${owner} removed: −${formatCount(removed, 'tool')}`;
    const parts = [
      added > 0 ? `+${formatCount(added, 'tool')}` : '',
      removed > 0 ? `−${formatCount(removed, 'tool')}` : '',
    ];
    const change = parts.filter(Boolean).join(', ');
    return change ? `${owner} updated: ${change}` : [];
  });
}
