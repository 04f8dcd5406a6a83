import type { Sql } from 'postgres';

/** A committed row of realtime.messages. */
export interface Message {
  id: string;
  topic: string;
  event: string;
  payload: unknown;
  private: boolean;
}

export interface Feed {
  stop(): Promise<void>;
}

/**
 * Calls `onMessage` for each message that the database sends, in the order of their commits. The notification
 * carries only the id, for it may hold 8000 bytes at most; the row is fetched, several at once when they come fast.
 * Calls `onGap` when the database is heard again after its connection was lost: messages may have been missed.
 */
export async function startFeed(
  sql: Sql,
  onMessage: (message: Message) => void,
  onGap: () => void,
  log: (line: string) => void,
): Promise<Feed> {
  let wasHeard = false;
  let waiting: string[] = [];
  let isFetching = false;

  async function fetchWaiting(): Promise<void> {
    if (isFetching) return;
    isFetching = true;
    while (waiting.length > 0) {
      const ids = waiting;
      waiting = [];
      const rows = await sql<Message[]>`
        select id, topic, event, payload, private from realtime.messages where id = any(${ids}::uuid[])`;
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const id of ids) {
        const message = byId.get(id);
        if (message) onMessage(message);
      }
    }
    isFetching = false;
  }

  function onNotification(id: string): void {
    waiting.push(id);
    fetchWaiting().catch((error: unknown) => {
      isFetching = false;
      log(`realtime: messages could not be read: ${String(error)}`);
    });
  }

  const listening = await sql.listen('realtime_messages', onNotification, () => {
    if (wasHeard) onGap();
    wasHeard = true;
  });
  return { stop: () => listening.unlisten() };
}
