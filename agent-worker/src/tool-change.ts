import { canonicalJson } from '@patchbay/shared/canonical-json';
import { type ToolSet, toDefinition } from './tool-set.ts';

/** More names than these say nothing more: the model has the list itself. */
const NAMES_TOLD = 12;

export interface ToolChange {
  added: string[];
  changed: string[];
  removed: string[];
  /** For people: what made the tools change. */
  reason: string;
  /** For the model: one line for the conversation; null when the tools that it has read the same. */
  line: string | null;
}

/** What a swap changed, in the names that the model knows. */
export function describeChange(before: ToolSet, after: ToolSet): ToolChange {
  const old = new Map(before.tools.map((tool) => [tool.name, canonicalJson(toDefinition(tool))]));
  const now = new Map(after.tools.map((tool) => [tool.name, canonicalJson(toDefinition(tool))]));
  const added = [...now.keys()].filter((name) => !old.has(name));
  const removed = [...old.keys()].filter((name) => !now.has(name));
  const changed = [...now.keys()].filter((name) => old.has(name) && old.get(name) !== now.get(name));

  const came = ownersOf(after, added, before).map((name) => `server ${name} was added`);
  const gone = ownersOf(before, removed, after).map((name) => `server ${name} was removed`);

  const sentences = [
    sentence('Tools added', added, came),
    sentence('Tools changed', changed, []),
    sentence('Tools removed', removed, gone),
  ].filter((text) => text !== null);
  return {
    added,
    changed,
    removed,
    reason: [...came, ...gone].join(', ') || 'tools changed',
    line: sentences.length ? sentences.join(' ') : null,
  };
}

/** The servers of the named tools that the other set does not have. */
function ownersOf(set: ToolSet, names: readonly string[], other: ToolSet): string[] {
  const known = new Set(other.servers.map(({ id }) => id));
  const owners = set.tools.filter(({ name, serverId }) => names.includes(name) && !known.has(serverId));
  return [...new Set(owners.map(({ serverName }) => serverName))];
}

function sentence(what: string, names: readonly string[], because: readonly string[]): string | null {
  if (names.length === 0) return null;
  const told = names.slice(0, NAMES_TOLD).join(', ');
  const rest = names.length > NAMES_TOLD ? ` and ${names.length - NAMES_TOLD} more` : '';
  return `${what}: ${told}${rest}${because.length ? ` (${because.join(', ')})` : ''}.`;
}
