import type { RecentCallTimes } from '@patchbay/shared/contract/schema/session';
import { usualMs } from './fillers.ts';
import type { ModelTool } from '../tools/tool-set.ts';

/** Enough to tell what is usual. */
const KEPT = 10;

type Tool = Pick<ModelTool, 'serverId' | 'toolName'>;

/** How long the last calls of each tool took: those of conversations before, then those of this one. */
export class ToolLatencies {
  readonly #times = new Map<string, number[]>();

  /** What the tool usually takes, in ms; null when it was not called before. */
  usualMs(tool: Tool): number | null {
    return usualMs(this.#times.get(keyOf(tool)) ?? []);
  }

  note(tool: Tool, durationMs: number): void {
    const times = this.#times.get(keyOf(tool)) ?? [];
    this.#times.set(keyOf(tool), [...times, durationMs].slice(-KEPT));
  }

  /** Takes what earlier conversations saw; what was noted meanwhile is newer. */
  remember(earlier: readonly RecentCallTimes[]): void {
    for (const { server_id, tool_name, durations_ms } of earlier) {
      const key = keyOf({ serverId: server_id, toolName: tool_name });
      this.#times.set(key, [...durations_ms, ...(this.#times.get(key) ?? [])].slice(-KEPT));
    }
  }
}

function keyOf({ serverId, toolName }: Tool): string {
  return `${serverId}\0${toolName}`;
}
