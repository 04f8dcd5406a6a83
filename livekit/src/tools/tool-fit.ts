import { canonicalJson } from '@patchbay/shared/contract/json/canonical-json';
import type { ToolBudget } from './tool-room.ts';
import { type ToolStanding, selectTools } from './tool-selection.ts';
import { type LeftOutTool, type ModelTool, type ToolSet, definitionKey } from './tool-set.ts';

export interface FitOptions {
  budget: ToolBudget;
  /** What the model said about tools that it rejects, by their `definitionKey`. */
  rejected?: ReadonlyMap<string, string>;
  standingOf?: (tool: ModelTool) => ToolStanding;
}

const NEWCOMER: ToolStanding = { isInUse: false, isRecent: false, isHeld: false };

/** A wish of which the model has these tools; the others are left out. */
export function withTools(
  wish: ToolSet,
  tools: readonly ModelTool[],
  rejected?: ReadonlyMap<string, string>,
): ToolSet {
  const names = new Set(tools.map(({ name }) => name));
  return divide(wish, ({ name }) => names.has(name), rejected);
}

/**
 * Fits a wish to the model: without the tools that it rejects, and of the others those that fit. Chooses again only when
 * the wish, the budget or the rejected tools change. A call alone changes who would come first; it must not change what
 * the model has.
 */
export class ToolFit {
  #last: { tools: readonly ModelTool[]; limits: string; chosen: ReadonlySet<string> } | null = null;

  fit(wish: ToolSet, options: FitOptions): ToolSet {
    const limits = canonicalJson([options.budget, [...(options.rejected?.keys() ?? [])]]);
    if (this.#last?.limits !== limits || !isSameWish(this.#last.tools, wish.tools)) {
      const chosen = new Set([...choose(wish.tools, options)].map(({ name }) => name));
      this.#last = { tools: wish.tools, limits, chosen };
    }
    const { chosen } = this.#last;
    return divide(wish, ({ name }) => chosen.has(name), options.rejected);
  }
}

function choose(tools: readonly ModelTool[], { budget, rejected, standingOf }: FitOptions): Set<ModelTool> {
  const usable = rejected?.size ? tools.filter((tool) => !rejected.has(definitionKey(tool))) : tools;
  return selectTools(usable, budget, standingOf ?? (() => NEWCOMER));
}

function divide(
  { tools, leftOut: before, servers }: ToolSet,
  isChosen: (tool: ModelTool) => boolean,
  rejected?: ReadonlyMap<string, string>,
): ToolSet {
  const leftOut = tools.flatMap((tool): LeftOutTool[] => {
    if (isChosen(tool)) return [];
    const message = rejected?.get(definitionKey(tool));
    return [message === undefined ? { tool, reason: 'limit' } : { tool, reason: 'refused', message }];
  });
  const notAllowed = before.filter(({ reason }) => reason === 'role');
  return { tools: tools.filter(isChosen), leftOut: [...leftOut, ...notAllowed], servers };
}

/** Whether the model would see the same tools in the same order. */
export function isSameWish(before: readonly ModelTool[], after: readonly ModelTool[]): boolean {
  return before.length === after.length && after.every((tool, at) => isSameTool(before[at], tool));
}

function isSameTool(before: ModelTool | undefined, after: ModelTool): boolean {
  return (
    before !== undefined &&
    before.isPinned === after.isPinned &&
    definitionKey(before) === definitionKey(after)
  );
}
