/** One monitor: claims servers that are due, probes each once, decides, and tells the database. */
import { setTimeout as delay } from 'node:timers/promises';
import { isOurFault, probeObservation, statusOfFailure } from '@patchbay/shared/mcp/probe-observation';
import type { SpanExport } from '@patchbay/shared/span-export';
import { TraceContext } from '@patchbay/shared/trace-context';
import { DatabaseError } from '../database.ts';
import type { Log } from '../log.ts';
import { Outbox } from '../outbox.ts';
import type { FinishedProbe, MonitorDatabase, ProbeJob } from './database.ts';
import { decide, type Finding, type History } from './decide.ts';
import { digestOf, PROBE_TIMEOUT_MS, type Examination } from './examine.ts';
import type { Network } from './network.ts';
import type { Pace } from './pace.ts';
import { probeSpan } from './trace-probe.ts';

/** Long enough to wait for a place, for the slowest probe, and for the database to be away for a moment. */
const LEASE_MS = 2 * PROBE_TIMEOUT_MS + 10_000;
const LOOK_AGAIN_MS = 1_000;
const LONGEST_RETRY_MS = 10_000;
const NETWORK_LOOK_MS = 2_000;
const PRUNE_EVERY_MS = 600_000;
/** So many times as many servers as there are places are held, so that no place is idle during a claim. */
const HELD_FOR_PLACE = 2;

export interface MonitorOptions {
  database: MonitorDatabase;
  examine: (job: ProbeJob) => Promise<Examination>;
  network: Pick<Network, 'isAway' | 'noteAnswer' | 'isHostToBlame' | 'lookAgain'>;
  pace: Pace;
  /** Probes at a time. */
  places: number;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Takes one span a probe; null where nothing is traced. */
  spans: Pick<SpanExport, 'add'> | null;
  /** Wall clock, ms since 1970. */
  now: () => number;
  random: () => number;
}

export class Monitor {
  /** Wall clock of the last claim that the database answered; null before the first. */
  lastClaimAtMs: number | null = null;
  readonly #options: MonitorOptions;
  readonly #finished: Outbox<FinishedProbe>;
  readonly #running = new Set<Promise<void>>();
  /** Claimed, and without a place yet. */
  readonly #waiting: ProbeJob[] = [];
  readonly #stop = new AbortController();
  #freed = Promise.withResolvers<void>();
  #awaySince: Date | null = null;
  #prunedAtMs = 0;
  #failures = 0;

  constructor(options: MonitorOptions) {
    this.#options = options;
    const { database, log } = options;
    this.#finished = new Outbox<FinishedProbe>({
      send: (batch) => database.finishProbes(batch),
      isRetryable: (error) => !(error instanceof DatabaseError) || error.retryable,
      onDropped: (items, error) =>
        log.error({ error, count: items.length }, 'results of probes were dropped'),
      gatherMs: 100,
      batchSize: 100,
    });
  }

  /** Works until stopped; probes that are under way then are finished. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#turn();
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        this.#options.log.warn({ error, failures: this.#failures }, 'no servers could be claimed');
        await this.#pause(this.#options.random() * Math.min(LONGEST_RETRY_MS, 1_000 * 2 ** this.#failures));
      }
    }
    while (this.#running.size > 0) await Promise.race(this.#running);
    await this.#finished.flush(5_000);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #turn(): Promise<void> {
    const { database, network, pace, places } = this.#options;
    if (network.isAway) return this.#waitForNetwork();
    this.#awaySince = null;
    if (this.#waiting.length > 0) {
      await this.#freed.promise;
      return;
    }
    const limit = places * HELD_FOR_PLACE - this.#running.size;
    const claim = { limit, leaseMs: LEASE_MS, freshMs: pace.freshMs, networkAwaySince: null };
    const jobs = await database.claimServers(claim);
    this.lastClaimAtMs = this.#options.now();
    this.#waiting.push(...jobs);
    this.#fillPlaces();
    await this.#pruneWhenDue();
    if (jobs.length < limit) await this.#pause(LOOK_AGAIN_MS * (0.5 + this.#options.random()));
  }

  /** Nothing is claimed meanwhile: what is shown stays, and the page says since when nobody could look. */
  async #waitForNetwork(): Promise<void> {
    const { database, network, now, pace } = this.#options;
    this.#awaySince ??= new Date(now());
    await database.claimServers({
      limit: 0,
      leaseMs: 0,
      freshMs: pace.freshMs,
      networkAwaySince: this.#awaySince,
    });
    this.lastClaimAtMs = now();
    await this.#pause(NETWORK_LOOK_MS);
    await network.lookAgain();
  }

  #fillPlaces(): void {
    while (this.#running.size < this.#options.places) {
      const job = this.#waiting.shift();
      if (!job) return;
      this.#start(job);
    }
  }

  #start(job: ProbeJob): void {
    const context = new TraceContext();
    const fields = { server: job.id, trace_id: context.traceId };
    const probe = this.#probe(job, context)
      .catch((error: unknown) => this.#options.log.error({ error, ...fields }, 'a probe broke'))
      .finally(() => {
        this.#running.delete(probe);
        this.#fillPlaces();
        this.#freed.resolve();
        this.#freed = Promise.withResolvers();
      });
    this.#running.add(probe);
  }

  /** Good news of somebody else are decided on as if they were its own: a second connection would tell nothing more. */
  #decideConfirmed(job: ProbeJob): void {
    const { now, random, pace } = this.#options;
    const finding: Finding = { kind: 'well', certificateExpiresAtMs: null };
    const decision = decide(finding, historyOf(job), { now: now(), random: random(), pace });
    this.#finished.add({
      server_id: job.id,
      lease_id: job.lease_id,
      next_ms: decision.nextMs,
      memory: decision.memory,
      certificate_expires_at: null,
      observation: null,
      notices: decision.notice ? [decision.notice] : [],
    });
  }

  async #probe(job: ProbeJob, context: TraceContext): Promise<void> {
    if (job.is_confirmed) return this.#decideConfirmed(job);
    const { examine, network, database, pace, now, random, spans } = this.#options;
    const startedAt = now();
    const examination = await examine(job);
    spans?.add(probeSpan(job, examination, { context, startedAtMs: startedAt, endedAtMs: now() }));
    const { result, catalogue, certificateExpiresAt } = examination;
    if (!examination.isUnreached && (result.ok || !isOurFault(result))) network.noteAnswer(job.url);
    const isOurs = examination.isUnreached && !(await network.isHostToBlame(job.url, startedAt));
    const observedAt = new Date(now());

    const finding = findingOf(examination, isOurs);
    const decision = decide(finding, historyOf(job), { now: observedAt.getTime(), random: random(), pace });
    const observation = isOurs ? null : probeObservation(job, result, 'monitor', observedAt);

    const isSameList = catalogue !== null && digestOf(catalogue) === job.catalogue_digest;
    // The status does not wait for a list that could not be stored; the next look reads it again.
    if (catalogue && !isSameList)
      await database
        .storeCatalogue(job, new Date(startedAt), catalogue)
        .catch((error: unknown) =>
          this.#options.log.warn(
            { error, server: job.id, trace_id: context.traceId },
            'tools were not stored',
          ),
        );
    this.#finished.add({
      server_id: job.id,
      lease_id: job.lease_id,
      next_ms: decision.nextMs,
      memory: decision.memory,
      certificate_expires_at: certificateExpiresAt?.toISOString() ?? null,
      observation: observation && {
        ...observation,
        status: decision.status,
        catalogue_seen_at: isSameList ? new Date(startedAt).toISOString() : null,
      },
      notices: decision.notice ? [decision.notice] : [],
    });
  }

  async #pruneWhenDue(): Promise<void> {
    const { database, now } = this.#options;
    if (now() - this.#prunedAtMs < PRUNE_EVERY_MS) return;
    this.#prunedAtMs = now();
    await database.prune();
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}

/** What an examination says for the decision. */
function findingOf({ result, certificateExpiresAt }: Examination, isOurs: boolean): Finding {
  if (result.ok) return { kind: 'well', certificateExpiresAtMs: certificateExpiresAt?.getTime() ?? null };
  if (isOurs || isOurFault(result)) return { kind: 'ours' };
  const status = statusOfFailure(result) === 'needs_auth' ? 'needs_auth' : 'error';
  return { kind: 'failed', code: result.code, status };
}

function historyOf(job: ProbeJob): History {
  const { incident } = job;
  return {
    status: job.connection_status,
    hasConnected: job.has_connected,
    isWatched: job.is_watched,
    memory: job.memory,
    incident: incident && {
      startedAtMs: Date.parse(incident.started_at),
      endedAtMs: incident.ended_at === null ? null : Date.parse(incident.ended_at),
      inSeries: incident.in_series,
      announced: incident.announced,
    },
  };
}
