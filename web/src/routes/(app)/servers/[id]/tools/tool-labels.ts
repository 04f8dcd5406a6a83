import type { ToolAccess, ToolAnnotations } from '@patchbay/shared/contract/schema/tool';
import { toolAccess, type HintSource, type JudgedTool } from '@patchbay/shared/contract/tool-access';
import type { Tone } from '$lib/servers/state-labels.ts';

export interface Badge {
  word: string;
  tone: Tone;
  /** What the claim means. */
  title: string;
}

/** What a tool may do, in the words of the page. */
export const ACCESS_WORDS: Record<ToolAccess, string> = {
  read: 'read-only',
  write: 'writes',
  destructive: 'destructive',
};

const TONES: Record<ToolAccess, Tone> = { read: 'ok', write: 'off', destructive: 'warn' };

/** What a tool may do, who says so, and the other claims of its server. Absent claims are not guessed at. */
export function toolBadges(tool: JudgedTool, server: HintSource): Badge[] {
  const access = toolAccess(tool, server);
  const badges: Badge[] = [
    { word: ACCESS_WORDS[access], tone: TONES[access], title: reasonOf(tool, server) },
  ];
  const annotations: ToolAnnotations = tool.annotations ?? {};
  if (server.trusts_hints && annotations.idempotentHint === true && access !== 'read') {
    badges.push({
      word: 'repeatable',
      tone: 'off',
      title: 'The server says that calling it twice does no more than once.',
    });
  }
  if (annotations.openWorldHint === true) {
    badges.push({
      word: 'reaches out',
      tone: 'off',
      title: 'The server says that this tool deals with the outside world.',
    });
  }
  return badges;
}

function reasonOf(tool: JudgedTool, server: HintSource): string {
  if (tool.access) return 'Set in this workspace.';
  switch (toolAccess(tool, server)) {
    case 'read':
      return 'The server says that this tool changes nothing.';
    case 'destructive':
      return 'The server says that this tool may delete or overwrite.';
    case 'write':
      return tool.annotations?.readOnlyHint === true && !server.trusts_hints
        ? 'The server says that this tool only reads, but the server is not trusted.'
        : 'Treated as a tool that may change something.';
  }
}
