import type { ModelTool } from './tool-set.ts';

/** The model's word on a set. */
export type PushAnswer =
  | { outcome: 'acknowledged' }
  /** `toolIndex`: the place in the pushed list that the model complained about, when it said so. */
  | { outcome: 'rejected'; message: string; toolIndex: number | null };

export type PushResult =
  | PushAnswer
  /** No word within the time-out; the model may hold the set or not. */
  | { outcome: 'unanswered' };

export type Push = (tools: readonly ModelTool[]) => Promise<PushResult>;

export type Verdict =
  /** The model holds exactly `accepted` now. */
  | { found: true; accepted: ModelTool[]; culprits: { tool: ModelTool; message: string }[] }
  /** Stopped on the way: no answer, a newer wish, or even the trusted tools refused. */
  | { found: false; culprits: { tool: ModelTool; message: string }[] };

/**
 * Finds out which tools of a rejected set the model refuses, by offering it parts of the set: the one it
 * named first, then halves. Every part holds all trusted tools, so that the conversation keeps them.
 *
 * @param wanted the rejected set, in its order
 * @param isTrusted tools that the model held before
 * @param rejection what the model said about the whole set
 * @param isOutdated asked before every push; true ends the search
 */
export async function findCulprits(
  wanted: readonly ModelTool[],
  isTrusted: (tool: ModelTool) => boolean,
  rejection: Extract<PushResult, { outcome: 'rejected' }>,
  push: Push,
  isOutdated: () => boolean,
): Promise<Verdict> {
  const accepted = new Set(wanted.filter(isTrusted));
  const culprits: { tool: ModelTool; message: string }[] = [];
  let liveIsAccepted = false;

  const offer = async (group: readonly ModelTool[]): Promise<PushResult> => {
    if (isOutdated()) return { outcome: 'unanswered' };
    const part = wanted.filter((tool) => accepted.has(tool) || group.includes(tool));
    const result = await push(part);
    liveIsAccepted = result.outcome === 'acknowledged';
    if (liveIsAccepted) for (const tool of group) accepted.add(tool);
    return result;
  };

  /** False when the search cannot go on. */
  const admit = async (group: readonly ModelTool[]): Promise<boolean> => {
    if (group.length === 0) return true;
    const result = await offer(group);
    if (result.outcome !== 'rejected') return result.outcome === 'acknowledged';
    if (group.length === 1) {
      culprits.push({ tool: group[0] as ModelTool, message: result.message });
      return true;
    }
    const middle = Math.ceil(group.length / 2);
    return (await admit(group.slice(0, middle))) && (await admit(group.slice(middle)));
  };

  const rolledBack = await offer([]);
  if (rolledBack.outcome !== 'acknowledged') return { found: false, culprits };

  const suspects = wanted.filter((tool) => !accepted.has(tool));
  const named = rejection.toolIndex === null ? undefined : wanted[rejection.toolIndex];
  const rest = suspects.filter((tool) => tool !== named);
  const namedFirst = named && suspects.includes(named) ? [[named], rest] : [suspects];
  for (const group of namedFirst) if (!(await admit(group))) return { found: false, culprits };

  if (!liveIsAccepted && (await offer([])).outcome !== 'acknowledged') return { found: false, culprits };
  return { found: true, accepted: wanted.filter((tool) => accepted.has(tool)), culprits };
}
