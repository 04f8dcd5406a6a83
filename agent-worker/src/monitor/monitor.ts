/** One monitor: claims servers that are due, probes each once, decides, and stores the decision. */
import { backoffMs } from '@patchbay/shared/engine/backoff';
import { pause } from '@patchbay/shared/engine/pause';
import type { LightProbeResult } from '@patchbay/shared/engine/probe/probe';
import {
  isOurFault,
  probeObservation,
  statusOfFailure,
} from '@patchbay/shared/engine/probe/probe-observation';
import { describeError } from '@patchbay/shared/contract/errors';
import type { SpanExport } from '@patchbay/shared/engine/tracing/finished-span';
import { TraceContext } from '@patchbay/shared/engine/tracing/trace-context';
import { DatabaseError } from '../service-client.ts';
import type { Log } from '@patchbay/livekit/log';
import { Outbox } from '../reports/outbox.ts';
import { IsolationTurns } from './probes/isolation-turns.ts';
import { ClaimedJobs } from './probes/claimed-jobs.ts';
import type { FinishedProbe, MonitorDatabase, ProbeJob } from './database.ts';
import { decide, type Finding, type History } from './probes/decide.ts';
import { digestOf, PROBE_TIMEOUT_MS, type ProbeOutcome } from './probes/prober.ts';
import type { Network } from './network.ts';
import type { ProbeSchedule } from './probes/probe-schedule.ts';
import { probeSpan } from './probes/trace-probe.ts';

/** The longest that a claimed job waits for a slot; after that it is given back. */
const MOST_WAIT_MS = 20_000;
/** Long enough for a slot, the slowest probe, and a short outage of the database. */
const LEASE_MS = MOST_WAIT_MS + PROBE_TIMEOUT_MS + 5_000;
const CLAIM_AGAIN_MS = 1_000;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 10_000;
const PRUNE_EVERY_MS = 600_000;
/** How long a server whose probe crashed is left alone. */
const QUARANTINE_MS = 3_600_000;
/** When a quarantined server is due again while another one is probed in isolation. */
const APART_AGAIN_MS = 5_000;

export interface MonitorOptions {
  database: MonitorDatabase;
  probe: (job: ProbeJob) => Promise<ProbeOutcome>;
  /** The same in a process of its own; null when that ended without an answer. */
  probeIsolated: (job: ProbeJob) => Promise<ProbeOutcome | null>;
  network: Pick<Network, 'awaySince' | 'isHere'>;
  schedule: ProbeSchedule;
  /** Probes at a time. */
  slots: number;
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
  readonly #jobs: ClaimedJobs<ProbeJob>;
  readonly #stop = new AbortController();
  /** Called when a probe has ended: may end the pause before the next claim. */
  #onProbeEnd = (): void => undefined;
  readonly #isolationTurns = new IsolationTurns();
  #prunedAtMs = 0;
  #failures = 0;

  constructor(options: MonitorOptions) {
    this.#options = options;
    const { database, log } = options;
    this.#jobs = new ClaimedJobs(options.slots);
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
        await this.#pause(
          this.#options.random() * backoffMs(this.#failures, FIRST_RETRY_MS, LONGEST_RETRY_MS),
        );
      }
    }
    this.#giveBack(Infinity);
    while (this.#running.size > 0) await Promise.race(this.#running);
    await this.#finished.flush(5_000);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #turn(): Promise<void> {
    const { database, network, now, schedule } = this.#options;
    this.#giveBack(now() - MOST_WAIT_MS);
    if (this.#jobs.isStocked) await this.#pauseUntil(() => !this.#jobs.isStocked);
    if (this.#stop.signal.aborted) return;
    // While the network is down, this checks whether it is back.
    if (network.awaySince !== null) void network.isHere(now());
    const claim = {
      limit: this.#jobs.room,
      leaseMs: LEASE_MS,
      freshMs: schedule.freshMs,
      held: this.#jobs.heldByOwner,
      networkAwaySince: network.awaySince === null ? null : new Date(network.awaySince),
    };
    const claimedAtMs = now();
    const jobs = await database.claimServers(claim);
    this.lastClaimAtMs = now();
    this.#jobs.add(jobs, claimedAtMs);
    this.#fillSlots();
    await this.#pruneWhenDue();
    const isWaiting = this.#jobs.isWaiting;
    if (jobs.length < claim.limit) await this.#pauseUntil(() => isWaiting && !this.#jobs.isWaiting);
  }

  /** Gives back what was claimed before a time and waits still: other monitors may have slots for it. */
  #giveBack(claimedBeforeMs: number): void {
    for (const job of this.#jobs.takeOverdue(claimedBeforeMs))
      this.#finishUndecided(job, 0, 'returned', null);
  }

  /** Ends the lease of a server on which nothing is decided. */
  #finishUndecided(
    { id: server_id, lease_id, memory }: ProbeJob,
    next_ms: number,
    outcome: 'returned' | 'crashed',
    observation: FinishedProbe['observation'],
  ): void {
    const nothing = { certificate_expires_at: null, notices: [] };
    this.#finished.add({ server_id, lease_id, next_ms, memory, ...nothing, outcome, observation });
  }

  /** One at a time, and owners take turns. @returns null when nothing came of it, which is reported then */
  async #probeIsolated(job: ProbeJob): Promise<ProbeOutcome | null> {
    if (!this.#isolationTurns.take(job.owner_id, this.#options.now())) {
      this.#finishUndecided(job, APART_AGAIN_MS, 'returned', null);
      return null;
    }
    const outcome = await this.#options.probeIsolated(job).finally(() => this.#isolationTurns.release());
    if (outcome) return outcome;
    this.#options.log.error({ server: job.id }, 'a probe ended its process');
    const { message, hint } = describeError('probe_crashed');
    const result: LightProbeResult = {
      ok: false,
      phase: 'connect',
      code: 'probe_crashed',
      message,
      hint,
      phases: [],
    };
    const observation = probeObservation(job, result, 'monitor', new Date(this.#options.now()));
    this.#finishUndecided(job, QUARANTINE_MS, 'crashed', observation);
    return null;
  }

  /** Pauses until another claim is due, or until a probe has ended and a claim is worth it before. */
  async #pauseUntil(isWorthIt: () => boolean): Promise<void> {
    const early = new AbortController();
    this.#onProbeEnd = () => isWorthIt() && early.abort();
    await this.#pause(CLAIM_AGAIN_MS * (0.5 + this.#options.random()), early.signal);
    this.#onProbeEnd = () => undefined;
  }

  #fillSlots(): void {
    for (let job = this.#jobs.takeNext(); job; job = this.#jobs.takeNext()) this.#start(job);
  }

  #start(job: ProbeJob): void {
    const context = new TraceContext();
    const fields = { server: job.id, trace_id: context.traceId };
    const probe = this.#probe(job, context)
      .catch((error: unknown) => this.#options.log.error({ error, ...fields }, 'a probe broke'))
      .finally(() => {
        this.#running.delete(probe);
        this.#jobs.release(job);
        this.#fillSlots();
        this.#onProbeEnd();
      });
    this.#running.add(probe);
  }

  /** A conversation's successful connection counts as a probe: a second one would add nothing. */
  #decideConfirmed(job: ProbeJob): void {
    const { now, random, schedule } = this.#options;
    const finding: Finding = { kind: 'well', certificateExpiresAtMs: null };
    const decision = decide(finding, historyOf(job), { now: now(), random: random(), schedule });
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
    const { probe, network, database, schedule, now, random, spans } = this.#options;
    const startedAt = now();
    const outcome = await (job.is_quarantined ? this.#probeIsolated(job) : probe(job));
    if (!outcome) return;
    spans?.add(probeSpan(job, outcome, { context, startedAtMs: startedAt, endedAtMs: now() }));
    const { result, catalog, certificateExpiresAt } = outcome;
    const isOurs = outcome.isUnreached && !(await network.isHere(startedAt));
    const observedAt = new Date(now());

    const finding = findingOf(outcome, isOurs);
    const decision = decide(finding, historyOf(job), {
      now: observedAt.getTime(),
      random: random(),
      schedule,
    });
    const observation = isOurs ? null : probeObservation(job, result, 'monitor', observedAt);

    const isSameList = catalog !== null && digestOf(catalog) === job.catalog_digest;
    // The status does not wait for a list that could not be stored; the next probe reads it again.
    if (catalog && !isSameList)
      await database
        .storeCatalog(job, new Date(startedAt), catalog)
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
        catalog_seen_at: isSameList ? new Date(startedAt).toISOString() : null,
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

  async #pause(ms: number, early?: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, ...(early ? [early] : [])]);
    await pause(ms, signal);
  }
}

/** What an outcome says for the decision. */
function findingOf({ result, certificateExpiresAt }: ProbeOutcome, isOurs: boolean): Finding {
  if (result.ok) return { kind: 'well', certificateExpiresAtMs: certificateExpiresAt?.getTime() ?? null };
  if (isOurs || isOurFault(result))
    return {
      kind: 'ours',
      retryAfterMs: result.code === 'host_busy' ? 1_000 * (result.retry_after_s ?? 0) : 0,
    };
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
