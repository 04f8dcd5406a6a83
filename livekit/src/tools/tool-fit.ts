import { canonicalJson } from '@patchbay/shared/contract/json/canonical-json';
import type { ToolBudget } from './tool-capacity.ts';
import { type ToolStanding, selectTools } from './tool-selection.ts';
import { type LeftOutTool, type ModelTool, type ToolSet, definitionKey } from './tool-set.ts';

export interface FitOptions {
  budget: ToolBudget;
  /** The model's message about each rejected tool, by `definitionKey`. */
  rejected?: ReadonlyMap<string, string>;
  standingOf?: (tool: ModelTool) => ToolStanding;
}

const UNKNOWN: ToolStanding = { isInUse: false, isRecent: false, isCurrent: false };

/** The set with these tools; the others are left out. */
export function withTools(
  wanted: ToolSet,
  tools: readonly ModelTool[],
  rejected?: ReadonlyMap<string, string>,
): ToolSet {
  const names = new Set(tools.map(({ name }) => name));
  return divide(wanted, ({ name }) => names.has(name), rejected);
}

/**
 * Fits a set to the model, without the tools that it rejects. Chooses again only when the set, the budget or the rejected
 * tools change: a call changes the order of preference, but must not change what the model has.
 */
export class ToolFit {
  #last: { tools: readonly ModelTool[]; limits: string; chosen: ReadonlySet<string> } | null = null;

  fit(wanted: ToolSet, options: FitOptions): ToolSet {
    const limits = canonicalJson([options.budget, [...(options.rejected?.keys() ?? [])]]);
    if (this.#last?.limits !== limits || !isSameRequest(this.#last.tools, wanted.tools)) {
      const chosen = new Set([...choose(wanted.tools, options)].map(({ name }) => name));
      this.#last = { tools: wanted.tools, limits, chosen };
    }
    const { chosen } = this.#last;
    return divide(wanted, ({ name }) => chosen.has(name), options.rejected);
  }
}

function choose(tools: readonly ModelTool[], { budget, rejected, standingOf }: FitOptions): Set<ModelTool> {
  const usable = rejected?.size ? tools.filter((tool) => !rejected.has(definitionKey(tool))) : tools;
  return selectTools(usable, budget, standingOf ?? (() => UNKNOWN));
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
export function isSameRequest(before: readonly ModelTool[], after: readonly ModelTool[]): boolean {
  return before.length === after.length && after.every((tool, at) => isSameTool(before[at], tool));
}

function isSameTool(before: ModelTool | undefined, after: ModelTool): boolean {
  return (
    before !== undefined &&
    before.isPinned === after.isPinned &&
    definitionKey(before) === definitionKey(after)
  );
}
