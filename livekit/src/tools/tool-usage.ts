import type { RecentCallTimes } from '@patchbay/shared/contract/schema/session';
import type { ToolStanding } from './tool-selection.ts';
import type { ModelTool } from './tool-set.ts';

type Tool = Pick<ModelTool, 'serverId' | 'toolName'>;

/** Which tools were called in this conversation, or recently in another one. */
export class ToolUsage {
  readonly #inUse = new Set<string>();
  readonly #recent = new Set<string>();

  note(tool: Tool): void {
    this.#inUse.add(keyOf(tool));
  }

  /** Adds what earlier conversations called. */
  remember(earlier: readonly RecentCallTimes[]): void {
    for (const { server_id, tool_name } of earlier)
      this.#recent.add(keyOf({ serverId: server_id, toolName: tool_name }));
  }

  of(tool: Tool): Pick<ToolStanding, 'isInUse' | 'isRecent'> {
    const key = keyOf(tool);
    return { isInUse: this.#inUse.has(key), isRecent: this.#inUse.has(key) || this.#recent.has(key) };
  }
}

function keyOf({ serverId, toolName }: Tool): string {
  return `${serverId}\0${toolName}`;
}
