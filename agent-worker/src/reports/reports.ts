import type { EndReason } from '@patchbay/shared/contract/end-reason';
import type { RecordedCall, TranscriptLine } from '@patchbay/shared/contract/schema/session';
import type { StatusObservation } from '@patchbay/shared/contract/schema/snapshot';
import type { CatalogObservation, Database, SessionState } from '../database.ts';
import { DatabaseError } from '../service-client.ts';
import type { Log } from '@patchbay/livekit/log';
import { Outbox } from './outbox.ts';

interface StateChange {
  state: SessionState;
  endReason: EndReason | null;
}

/** Reports a conversation to the database. Nothing here waits: speech goes first. */
export class Reports {
  readonly #statuses: Outbox<StatusObservation>;
  readonly #catalogs: Outbox<CatalogObservation>;
  readonly #calls: Outbox<RecordedCall>;
  readonly #lines: Outbox<TranscriptLine>;
  readonly #states: Outbox<StateChange>;
  /** Reports of any kind that the database will never see. */
  #dropped = 0;

  constructor(database: Database, sessionId: string, log: Log) {
    const shared = (what: string) => ({
      // Anything else is a fault of ours, which a report that waits for it would meet again and again.
      isRetryable: (error: unknown) => error instanceof DatabaseError && error.retryable,
      onDropped: (items: readonly unknown[], error: unknown) => {
        this.#dropped += items.length;
        log.error({ error, what, count: items.length, total: this.#dropped }, 'reports were dropped');
      },
    });
    this.#statuses = new Outbox<StatusObservation>({
      ...shared('statuses'),
      send: (batch) => database.reportStatus(batch),
      keyOf: ({ server_id }) => server_id,
    });
    this.#catalogs = new Outbox<CatalogObservation>({
      ...shared('catalogs'),
      send: async ([observation]) => {
        if (observation) await database.storeCatalog(observation);
      },
      keyOf: ({ serverId }) => serverId,
      batchSize: 1,
      gatherMs: 0,
    });
    this.#calls = new Outbox<RecordedCall>({
      ...shared('tool calls'),
      send: (batch) => database.recordToolCalls(batch),
    });
    this.#lines = new Outbox<TranscriptLine>({
      ...shared('lines of the transcript'),
      send: (batch) => database.recordTranscript(batch),
    });
    this.#states = new Outbox<StateChange>({
      ...shared('session states'),
      send: async ([change]) => {
        if (change) await database.setSessionState(sessionId, change.state, change.endReason);
      },
      batchSize: 1,
      gatherMs: 0,
    });
  }

  status(observation: StatusObservation): void {
    this.#statuses.add(observation);
  }

  catalog(observation: CatalogObservation): void {
    this.#catalogs.add(observation);
  }

  toolCall(call: RecordedCall): void {
    this.#calls.add(call);
  }

  line(line: TranscriptLine): void {
    this.#lines.add(line);
  }

  /** @param endReason why the agent left; null for `active` */
  sessionState(state: SessionState, endReason: EndReason | null = null): void {
    this.#states.add({ state, endReason });
  }

  /** Sends what is left, and drops what could not be sent in time; at the end of a conversation. */
  async flush(withinMs: number): Promise<void> {
    const outboxes = [this.#statuses, this.#catalogs, this.#calls, this.#lines, this.#states];
    await Promise.all(outboxes.map((outbox) => outbox.flush(withinMs)));
  }
}
