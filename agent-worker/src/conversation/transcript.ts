import { randomUUID } from 'node:crypto';
import { voice } from '@livekit/agents';
import type { TranscriptLine } from '@patchbay/shared/contract/schema/session';

type Item = voice.ConversationItemAddedEvent['item'];

/**
 * Calls `onLine` with each finished line of a conversation. A line of the user may come after its answer; `said_at` has
 * the order.
 */
export function onTranscriptLine(
  session: voice.AgentSession,
  sessionId: string,
  onLine: (line: TranscriptLine) => void,
): void {
  let agentSaidAtMs = -Infinity;
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    const line = lineOf(item, sessionId);
    if (!line) return;
    if (line.role === 'agent') {
      // All messages of one response carry the time of its first sound.
      agentSaidAtMs = Math.max(item.createdAt, agentSaidAtMs + 1);
      line.said_at = new Date(agentSaidAtMs).toISOString();
    }
    onLine(line);
  });
}

/** @returns null for an item without speech: instructions, handoffs, empty turns */
export function lineOf(item: Item, sessionId: string): TranscriptLine | null {
  if (item.type !== 'message' || (item.role !== 'user' && item.role !== 'assistant')) return null;
  const text = item.textContent?.trim();
  if (!text) return null;
  return {
    id: randomUUID(),
    session_id: sessionId,
    role: item.role === 'user' ? 'user' : 'agent',
    text,
    said_at: new Date(item.createdAt).toISOString(),
  };
}
