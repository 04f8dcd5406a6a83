import type { Sql } from 'postgres';

interface Message {
  id: string;
  topic: string;
  event: string;
  payload: unknown;
  private: boolean;
}

export interface Feed {
  stop(): Promise<void>;
}

export interface FeedOptions {
  /** In commit order. */
  onMessage: (message: Message) => void;
  /** Called after a lost database connection, during which messages were missed. */
  onGap: () => void;
  log: (line: string) => void;
}

/**
 * Listens for messages of the database. A notification has only the id, because of its limit of 8000 bytes; rows are
 * fetched in batches.
 */
export async function startFeed(sql: Sql, { onMessage, onGap, log }: FeedOptions): Promise<Feed> {
  let isFirst = true;
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
      log(`realtime: couldn't read messages: ${String(error)}`);
    });
  }

  const listening = await sql.listen('realtime_messages', onNotification, () => {
    if (!isFirst) onGap();
    isFirst = false;
  });
  return { stop: () => listening.unlisten() };
}
