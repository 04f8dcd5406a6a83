import { usualMs } from './pacing.ts';
import type { ModelTool } from './tool-set.ts';

/** Enough to tell what is usual. */
const KEPT = 10;

/** How long the calls of each tool took in this conversation. */
export class ToolLatencies {
  readonly #times = new Map<string, number[]>();

  /** What the tool usually takes, in ms; null when it was not called before. */
  usualMs(tool: ModelTool): number | null {
    return usualMs(this.#times.get(keyOf(tool)) ?? []);
  }

  note(tool: ModelTool, durationMs: number): void {
    const times = this.#times.get(keyOf(tool)) ?? [];
    this.#times.set(keyOf(tool), [...times, durationMs].slice(-KEPT));
  }
}

function keyOf({ serverId, toolName }: ModelTool): string {
  return `${serverId}\0${toolName}`;
}
