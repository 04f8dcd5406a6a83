import { plainName } from '@patchbay/shared/engine/tools/untrusted-text';
import { type ModelTool, type ToolSet, definitionKey } from './tool-set.ts';

/** The model has the full list itself. */
const MOST_NAMES = 12;

export interface ToolChange {
  /** For people: why the tools changed. */
  reason: string;
  /** For the model: one line on its tools; null when they look the same to it. */
  line: string | null;
  /** For the model: one line on newly left out tools, which it can't see; null without any. */
  leftOutLine: string | null;
}

/** Describes a swap in the names that the model knows. */
export function describeChange(before: ToolSet, after: ToolSet): ToolChange {
  const old = new Map(before.tools.map((tool) => [tool.name, definitionKey(tool)]));
  const now = new Map(after.tools.map((tool) => [tool.name, definitionKey(tool)]));
  const added = after.tools.filter(({ name }) => !old.has(name));
  const removed = before.tools.filter(({ name }) => !now.has(name));
  const changed = after.tools.filter(({ name }) => old.has(name) && old.get(name) !== now.get(name));

  const joined = ownersOf(added, before, 'was added', 'is back online');
  const left = ownersOf(removed, after, 'was removed', 'is offline');
  const renamed = renames(before, after);

  return {
    reason: [...joined, ...left, ...renamed].join(', ') || 'tools changed',
    line: sentences([
      ...renamed.map((text) => `${capitalised(text)}.`),
      sentence('Tools added', added, joined),
      sentence('Tools changed', changed, ['use their new definitions']),
      sentence('Tools removed', removed, left),
    ]),
    leftOutLine: leftOutLine(before, after),
  };
}

/** What happened to the servers of these tools: whether the other set lacks them, or has them withdrawn. */
function ownersOf(
  tools: readonly ModelTool[],
  other: ToolSet,
  ifLacking: string,
  ifWithdrawn: string,
): string[] {
  const known = new Map(other.servers.map((server) => [server.id, server]));
  const phrases = tools.flatMap(({ serverId, serverName }) => {
    const server = known.get(serverId);
    if (!server) return [`server ${plainName(serverName)} ${ifLacking}`];
    return server.isWithdrawn ? [`server ${plainName(serverName)} ${ifWithdrawn}`] : [];
  });
  return [...new Set(phrases)];
}

function renames(before: ToolSet, after: ToolSet): string[] {
  const names = new Map(before.servers.map(({ id, name }) => [id, name]));
  return after.servers
    .filter(({ id, name }) => names.has(id) && names.get(id) !== name)
    .map(({ id, name }) => `server ${plainName(names.get(id) ?? '')} is now called ${plainName(name)}`);
}

function leftOutLine(before: ToolSet, after: ToolSet): string | null {
  const known = new Set(before.leftOut.map(({ tool, reason }) => `${reason} ${definitionKey(tool)}`));
  const fresh = after.leftOut.filter(({ tool, reason }) => !known.has(`${reason} ${definitionKey(tool)}`));
  const refused = fresh.filter(({ reason }) => reason === 'refused').map(({ tool }) => tool);
  const forbidden = fresh.filter(({ reason }) => reason === 'role').map(({ tool }) => tool);
  const above = fresh.filter(({ reason }) => reason === 'limit').map(({ tool }) => tool);
  return sentences([
    sentence('Tools left out', refused, ['their definitions were rejected; tell the user once']),
    sentence('Tools left out', forbidden, [
      "not available to the user's role, which allows only read-only tools; say so when the user needs one",
    ]),
    sentence('Tools left out', above, ['they exceed the limit on tools; say so when the user needs one']),
  ]);
}

function sentence(what: string, tools: readonly ModelTool[], because: readonly string[]): string | null {
  if (tools.length === 0) return null;
  const names = tools.map(({ name }) => name);
  const phrases = names.slice(0, MOST_NAMES).join(', ');
  const rest = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return `${what}: ${phrases}${rest}${because.length ? ` (${because.join(', ')})` : ''}.`;
}

function sentences(parts: readonly (string | null)[]): string | null {
  return parts.filter((text) => text !== null).join(' ') || null;
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
