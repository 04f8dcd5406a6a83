/**
 * Chooses the tools for the model when not all of them fit. Pure. The rules, as docs/voice.md has them for users:
 * 1. Tools that were called in this conversation stay.
 * 2. The rest is shared fairly: the server with the smallest share so far gets its next tool, until nothing fits.
 *    What a small server does not need is left to the others.
 * 3. Within a server pinned tools come first, then recently used ones, then those that the model has already, then
 *    those that only read; else the server's own order decides.
 */
import type { ModelTool } from './tool-set.ts';
import type { ToolBudget } from './tool-capacity.ts';

/** What the conversation knows about a tool. */
export interface ToolStanding {
  /** It was called in this conversation. */
  isInUse: boolean;
  /** It was called recently in any conversation of the workspace. */
  isRecent: boolean;
  /** The model has it now. */
  isCurrent: boolean;
}

/** The tools of one server that wait for a place, best first, and what the server has so far. */
interface ServerQueue {
  waiting: ModelTool[];
  tokens: number;
  tools: number;
}

/**
 * @param wanted all tools of the conversation: servers in the user's order, tools in that of their server
 * @returns those that fit into the budget
 */
export function selectTools(
  wanted: readonly ModelTool[],
  budget: ToolBudget,
  standingOf: (tool: ModelTool) => ToolStanding,
): Set<ModelTool> {
  const chosen = new Set<ModelTool>();
  const left = { ...budget };
  const place = (tool: ModelTool, queue: ServerQueue): void => {
    if (left.tools < 1 || left.tokens < tool.tokens) return;
    chosen.add(tool);
    left.tools -= 1;
    left.tokens -= tool.tokens;
    queue.tools += 1;
    queue.tokens += tool.tokens;
  };

  const standings = new Map(wanted.map((tool) => [tool, standingOf(tool)]));
  const isInUse = (tool: ModelTool): boolean => standings.get(tool)?.isInUse === true;
  const rank = (tool: ModelTool): number => rankOf(tool, standings.get(tool));

  const queues: ServerQueue[] = [];
  for (const own of Map.groupBy(wanted, ({ serverId }) => serverId).values()) {
    // The sort is stable: equal tools keep the order of their server.
    const waiting = own.filter((tool) => !isInUse(tool)).toSorted((a, b) => rank(a) - rank(b));
    const queue = { waiting, tokens: 0, tools: 0 };
    for (const tool of own.filter(isInUse)) place(tool, queue);
    queues.push(queue);
  }

  const share = ({ tools, tokens }: ServerQueue): number =>
    Math.max(tools / budget.tools, budget.tokens > 0 ? tokens / budget.tokens : 0);
  for (let queue = withSmallestShare(queues, share); queue; queue = withSmallestShare(queues, share)) {
    place(queue.waiting.shift() as ModelTool, queue);
  }
  return chosen;
}

/** Lower comes first. */
function rankOf(tool: ModelTool, standing: ToolStanding | undefined): number {
  const reasons = [tool.isPinned, standing?.isRecent, standing?.isCurrent, tool.saysItReads];
  return reasons.reduce((rank, isGood) => rank * 2 + (isGood ? 0 : 1), 0);
}

/** The first queue with a waiting tool and the smallest share. */
function withSmallestShare(
  queues: readonly ServerQueue[],
  share: (queue: ServerQueue) => number,
): ServerQueue | undefined {
  let found: ServerQueue | undefined;
  for (const queue of queues) {
    if (queue.waiting.length > 0 && (!found || share(queue) < share(found))) found = queue;
  }
  return found;
}
