import type { Sql } from 'postgres';

/** A committed row of realtime.messages. */
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
  /** Told of each message that the database sends, in the order of their commits. */
  onMessage: (message: Message) => void;
  /** The database was away, and is listened to again: what it said meanwhile was not heard. */
  onGap: () => void;
  log: (line: string) => void;
}

/**
 * Listens to the messages of the database. The notification carries only the id, for it may hold 8000 bytes at most;
 * the row is fetched, several at once when they come fast.
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
      log(`realtime: messages could not be read: ${String(error)}`);
    });
  }

  const listening = await sql.listen('realtime_messages', onNotification, () => {
    if (!isFirst) onGap();
    isFirst = false;
  });
  return { stop: () => listening.unlisten() };
}
