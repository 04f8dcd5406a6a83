import { plainName } from '@patchbay/shared/engine/tools/untrusted-text';
import { type ModelTool, type ToolSet, definitionKey } from './tool-set.ts';

/** More names than these say nothing more: the model has the list itself. */
const NAMES_TOLD = 12;

export interface ToolChange {
  /** For people: what made the tools change. */
  reason: string;
  /** For the model: one line on the tools that it has now; null when those that it has read the same. */
  line: string | null;
  /** For the model: one line on tools that are newly left out, which it cannot see from those that it has. */
  leftOutLine: string | null;
}

/** What a swap changed, in the names that the model knows. */
export function describeChange(before: ToolSet, after: ToolSet): ToolChange {
  const old = new Map(before.tools.map((tool) => [tool.name, definitionKey(tool)]));
  const now = new Map(after.tools.map((tool) => [tool.name, definitionKey(tool)]));
  const added = after.tools.filter(({ name }) => !old.has(name));
  const removed = before.tools.filter(({ name }) => !now.has(name));
  const changed = after.tools.filter(({ name }) => old.has(name) && old.get(name) !== now.get(name));

  const came = ownersOf(added, before, 'was added', 'is back online');
  const gone = ownersOf(removed, after, 'was removed', 'is offline');
  const renamed = renames(before, after);

  return {
    reason: [...came, ...gone, ...renamed].join(', ') || 'tools changed',
    line: joined([
      ...renamed.map((text) => `${capitalised(text)}.`),
      sentence('Tools added', added, came),
      sentence('Tools changed', changed, ['use their new definitions']),
      sentence('Tools removed', removed, gone),
    ]),
    leftOutLine: leftOutLine(before, after),
  };
}

/** What became of the servers of these tools: of those that the other set lacks, and of those away in it. */
function ownersOf(tools: readonly ModelTool[], other: ToolSet, ifLacking: string, ifAway: string): string[] {
  const known = new Map(other.servers.map((server) => [server.id, server]));
  const told = tools.flatMap(({ serverId, serverName }) => {
    const server = known.get(serverId);
    if (!server) return [`server ${plainName(serverName)} ${ifLacking}`];
    return server.isAway ? [`server ${plainName(serverName)} ${ifAway}`] : [];
  });
  return [...new Set(told)];
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
  return joined([
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
  const told = names.slice(0, NAMES_TOLD).join(', ');
  const rest = names.length > NAMES_TOLD ? ` and ${names.length - NAMES_TOLD} more` : '';
  return `${what}: ${told}${rest}${because.length ? ` (${because.join(', ')})` : ''}.`;
}

function joined(sentences: readonly (string | null)[]): string | null {
  return sentences.filter((text) => text !== null).join(' ') || null;
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
