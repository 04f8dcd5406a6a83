import type { ToolAccess, ToolAnnotations } from '@patchbay/shared/contract/schema/tool';
import { toolAccess, type HintSource, type JudgedTool } from '@patchbay/shared/contract/tool-access';
import type { Tone } from '$lib/servers/state-labels.ts';

export interface Badge {
  word: string;
  tone: Tone;
  title: string;
}

export const ACCESS_LABELS: Record<ToolAccess, string> = {
  read: 'read-only',
  write: 'write',
  destructive: 'destructive',
};

const TONES: Record<ToolAccess, Tone> = { read: 'ok', write: 'off', destructive: 'warn' };

/** Badges for a tool's access, its source, and the server's other hints. Missing hints are not guessed. */
export function toolBadges(tool: JudgedTool, server: HintSource): Badge[] {
  const access = toolAccess(tool, server);
  const badges: Badge[] = [
    { word: ACCESS_LABELS[access], tone: TONES[access], title: reasonOf(tool, server) },
  ];
  const annotations: ToolAnnotations = tool.annotations ?? {};
  if (server.trusts_hints && annotations.idempotentHint === true && access !== 'read') {
    badges.push({
      word: 'idempotent',
      tone: 'off',
      title: 'According to the server, repeated calls have no additional effect.',
    });
  }
  if (annotations.openWorldHint === true) {
    badges.push({
      word: 'open world',
      tone: 'off',
      title: 'According to the server, this tool interacts with external systems.',
    });
  }
  return badges;
}

function reasonOf(tool: JudgedTool, server: HintSource): string {
  if (tool.access) return 'Set in this workspace.';
  switch (toolAccess(tool, server)) {
    case 'read':
      return "According to the server, this tool doesn't change anything.";
    case 'destructive':
      return 'According to the server, this tool may delete or overwrite data.';
    case 'write':
      return tool.annotations?.readOnlyHint === true && !server.trusts_hints
        ? "The server says this tool is read-only, but its annotations aren't trusted."
        : 'Treated as a tool that may change data.';
  }
}
