import { randomUUID } from 'node:crypto';
import { voice } from '@livekit/agents';
import type { TranscriptLine } from '@patchbay/shared/contract/schema/session';

type Item = voice.ConversationItemAddedEvent['item'];

/**
 * Hears what is said in a conversation, one finished line after the other. What the user said may come after its
 * answer; `said_at` has the order.
 */
export function hearLines(
  session: voice.AgentSession,
  sessionId: string,
  onLine: (line: TranscriptLine) => void,
): void {
  let agentSaidAtMs = -Infinity;
  session.on(voice.AgentSessionEventTypes.ConversationItemAdded, ({ item }) => {
    const line = lineOf(item, sessionId);
    if (!line) return;
    if (line.role === 'agent') {
      // All messages of one response have the date of its first sound.
      agentSaidAtMs = Math.max(item.createdAt, agentSaidAtMs + 1);
      line.said_at = new Date(agentSaidAtMs).toISOString();
    }
    onLine(line);
  });
}

/** @returns null for what nobody said: instructions, hand-overs, empty turns */
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
