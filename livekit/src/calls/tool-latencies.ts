import type { RecentCallTimes } from '@patchbay/shared/contract/schema/session';
import { usualMs } from './fillers.ts';
import type { ModelTool } from '../tools/tool-set.ts';

const KEPT = 10;

type Tool = Pick<ModelTool, 'serverId' | 'toolName'>;

/** How long recent calls of each tool took, in earlier conversations and in this one. */
export class ToolLatencies {
  readonly #times = new Map<string, number[]>();

  /** In ms; null before the first call of the tool. */
  usualMs(tool: Tool): number | null {
    return usualMs(this.#times.get(keyOf(tool)) ?? []);
  }

  note(tool: Tool, durationMs: number): void {
    const times = this.#times.get(keyOf(tool)) ?? [];
    this.#times.set(keyOf(tool), [...times, durationMs].slice(-KEPT));
  }

  /** Adds the calls of earlier conversations before those of this one. */
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
