import { formatCount } from '$lib/ui/format-count.ts';
import type { LeftOut, LeftOutReason } from '@patchbay/shared/contract/schema/activity';

interface LeftOutNotice {
  reason: LeftOutReason;
  title: string;
  hint: string;
  /** One per server, or per tool with more detail. */
  lines: string[];
}

/** Notices about enabled tools that the model did not get. */
export function leftOutNotices(leftOut: readonly LeftOut[]): LeftOutNotice[] {
  const notices: LeftOutNotice[] = [];
  const refused = leftOut.filter(({ reason }) => reason === 'refused');
  if (refused.length > 0) {
    notices.push({
      reason: 'refused',
      title: `The voice model rejected ${formatCount(refused.length, 'tool')}: ${joinTools(refused)}.`,
      hint: 'The agent continues without them. A tool returns when its server changes the definition. To hide this message, disable the tool.',
      lines: refused.map(
        ({ server, tool, message }) => `${server} · ${tool}: ${message ?? 'no reason given'}`,
      ),
    });
  }
  const above = leftOut.filter(({ reason }) => reason === 'limit');
  if (above.length > 0) {
    notices.push({
      reason: 'limit',
      title: `${formatCount(above.length, 'tool')} not included: ${joinServers(above)}.`,
      hint: "The voice model accepts a limited number of tools and tokens, and the agent's prompt counts too. Pin the tools you need, or disable those you don't. Tools that were already used stay available.",
      lines: [...toolsByServer(above)].map(([server, tools]) => `${server}: ${tools.join(', ')}`),
    });
  }
  const forbidden = leftOut.filter(({ reason }) => reason === 'role');
  if (forbidden.length > 0) {
    notices.push({
      reason: 'role',
      title: `${formatCount(forbidden.length, 'tool')} not available to you: ${joinServers(forbidden)}.`,
      hint: 'Viewers can only use read-only tools. Ask an owner or admin to change your role.',
      lines: [...toolsByServer(forbidden)].map(([server, tools]) => `${server}: ${tools.join(', ')}`),
    });
  }
  return notices;
}

function joinTools(tools: readonly LeftOut[]): string {
  const named = tools.slice(0, 3).map(({ server, tool }) => `${tool} of ${server}`);
  return tools.length > named.length ? `${named.join(', ')} and more` : named.join(', ');
}

function joinServers(tools: readonly LeftOut[]): string {
  return [...toolsByServer(tools)].map(([server, own]) => `${own.length} of ${server}`).join(', ');
}

function toolsByServer(tools: readonly LeftOut[]): Map<string, string[]> {
  const byServer = new Map<string, string[]>();
  for (const { server, tool } of tools) byServer.set(server, [...(byServer.get(server) ?? []), tool]);
  return byServer;
}
