/**
 * Which tools go to the model when not all of them fit. Pure: the same tools, budget and standing give the same
 * choice. Rules (docs/voice.md says them to users):
 * 1. Tools that were called in this conversation stay.
 * 2. The rest is shared fairly: the server with the smallest share so far gets its next tool, until nothing fits.
 *    What a small server does not need goes to the others.
 * 3. Within a server pinned tools come first, then recently used ones, then those that the model holds already, then
 *    those that only read; else the server's own order decides.
 */
import type { ModelTool } from './tool-set.ts';
import type { ToolBudget } from './tool-room.ts';

/** What the conversation knows about a tool. */
export interface ToolStanding {
  /** It was called in this conversation. */
  isInUse: boolean;
  /** It was called lately, in any conversation of the workspace. */
  isRecent: boolean;
  /** The model has it now. */
  isHeld: boolean;
}

/** The tools of one server that are still to be placed, the best first, and what it has got. */
interface Lane {
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
  const place = (tool: ModelTool, lane: Lane): void => {
    if (left.tools < 1 || left.tokens < tool.tokens) return;
    chosen.add(tool);
    left.tools -= 1;
    left.tokens -= tool.tokens;
    lane.tools += 1;
    lane.tokens += tool.tokens;
  };

  const standings = new Map(wanted.map((tool) => [tool, standingOf(tool)]));
  const isInUse = (tool: ModelTool): boolean => standings.get(tool)?.isInUse === true;
  const rank = (tool: ModelTool): number => rankOf(tool, standings.get(tool));

  const lanes: Lane[] = [];
  for (const own of Map.groupBy(wanted, ({ serverId }) => serverId).values()) {
    // The sort is stable: equal ones keep the order of their server.
    const waiting = own.filter((tool) => !isInUse(tool)).toSorted((a, b) => rank(a) - rank(b));
    const lane = { waiting, tokens: 0, tools: 0 };
    for (const tool of own.filter(isInUse)) place(tool, lane);
    lanes.push(lane);
  }

  const share = ({ tools, tokens }: Lane): number =>
    Math.max(tools / budget.tools, budget.tokens > 0 ? tokens / budget.tokens : 0);
  for (let lane = poorest(lanes, share); lane; lane = poorest(lanes, share)) {
    place(lane.waiting.shift() as ModelTool, lane);
  }
  return chosen;
}

/** The smaller, the sooner. */
function rankOf(tool: ModelTool, standing: ToolStanding | undefined): number {
  const reasons = [tool.isPinned, standing?.isRecent, standing?.isHeld, tool.saysItReads];
  return reasons.reduce((rank, isGood) => rank * 2 + (isGood ? 0 : 1), 0);
}

/** Of the lanes with a waiting tool the one with the smallest share; of equal ones the first. */
function poorest(lanes: readonly Lane[], share: (lane: Lane) => number): Lane | undefined {
  let found: Lane | undefined;
  for (const lane of lanes) {
    if (lane.waiting.length > 0 && (!found || share(lane) < share(found))) found = lane;
  }
  return found;
}
