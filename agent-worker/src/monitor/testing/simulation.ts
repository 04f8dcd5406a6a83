/**
 * Days of monitoring in seconds: the real decision, the lease rules in memory, servers that fail in every way,
 * monitors that start and crash, a network that fails. Everything that must hold is checked at
 * each step; the first breach ends the simulation.
 */
import type { ErrorCode } from '@patchbay/shared/contract/errors';
import type { ConnectionStatus } from '@patchbay/shared/contract/schema/server';
import { ClaimedJobs } from '../probes/claimed-jobs.ts';
import {
  decide,
  NOTHING_KNOWN,
  SERIES_GAP_MS,
  type Finding,
  type Incident,
  type ProbeState,
} from '../probes/decide.ts';
import { PROBE_SCHEDULE } from '../probes/probe-schedule.ts';
import { Ledger, type Claim } from './ledger.ts';
import { latestBack, latestDown, OLDEST_STATUS, SLOWEST_PROBE } from './promises.ts';
import { seeded, World, type Truth } from './world.ts';

export interface SimulationOptions {
  servers: number;
  seconds: number;
  monitors: number;
  seed: number;
  /** The servers of the first owner, half of all, never answer. */
  isFirstOwnerHanging?: boolean;
}

/** Counts, and seconds. Of those with `slowest` the time in which no slot was free is taken off. */
export interface Figures {
  probes: number;
  notices: number;
  incidents: number;
  crashes: number;
  /** In which no monitor lived, or none of them had a slot for any owner with few servers. */
  secondsWithoutSlots: number;
  /** Those of them in which a monitor lived. */
  secondsCrowded: number;
  longestWait: number;
  oldestStatus: number;
  slowestDownWatched: number;
  slowestDown: number;
  slowestBackWatched: number;
}

interface Job extends Claim {
  owner_id: string;
}
interface Running extends Job {
  monitor: number;
}

const SLOTS = 32;
const MOST_WAIT_SECONDS = 20;
const LEASE_SECONDS = 40;
/** Owners with few servers have three each, of which two may be probed already. */
const FEW = 2;
const FLAPPING_FROM = 3;
/** Every second workspace is watched; the first is very large, the last ones have three servers each. */
const isWatched = (workspace: number): boolean => workspace % 2 === 1;

/** @throws Error at the first breach of an invariant */
export function simulate(options: SimulationOptions): Figures {
  const { servers, seconds, monitors, seed, isFirstOwnerHanging } = options;
  const random = seeded(seed);
  const workspaceOf = Uint32Array.from({ length: servers }, (_, server) =>
    server < servers / 2 ? 0 : 1 + Math.floor((server - servers / 2) / 3),
  );
  const world = new World(servers, random, isFirstOwnerHanging ? servers / 2 : 0);
  const ledger = new Ledger(workspaceOf, seconds + 1_000);
  const status: ConnectionStatus[] = Array.from({ length: servers }, () => 'disconnected');
  const memory: ProbeState[] = Array.from({ length: servers }, () => NOTHING_KNOWN);
  const incident: (Incident | null)[] = Array.from({ length: servers }, () => null);
  const failedWith: (ErrorCode | null)[] = Array.from({ length: servers }, () => null);
  const hasConnected = new Uint8Array(servers);
  const observedAt = new Float64Array(servers);
  /** Since the status was observed: seconds in which the server waited for a slot, or for the network. */
  const heldUp = new Float64Array(servers);
  /** Monitors that died with the server in hand since it was due. */
  const deaths = new Uint8Array(servers);
  const probing = new Uint8Array(servers);
  const figures: Figures = {
    probes: 0,
    notices: 0,
    incidents: 0,
    crashes: 0,
    secondsWithoutSlots: 0,
    secondsCrowded: 0,
    longestWait: 0,
    oldestStatus: 0,
    slowestDownWatched: 0,
    slowestDown: 0,
    slowestBackWatched: 0,
  };
  const endings: Running[][] = Array.from({ length: seconds + 100 }, () => []);
  const aliveFrom = new Float64Array(monitors);
  const held: Map<number, Job>[] = Array.from({ length: monitors }, () => new Map<number, Job>());
  const jobs = Array.from({ length: monitors }, () => new ClaimedJobs<Job>(SLOTS));
  const running = Array.from({ length: monitors }, () => ({ all: 0, ofFirst: 0 }));
  /** Of the seconds before each one, those without a slot for the first owner, and for the others. */
  const withoutSlots = { first: new Uint32Array(seconds + 1), others: new Uint32Array(seconds + 1) };
  const withoutSlotsFor = (server: number) => withoutSlots[workspaceOf[server] === 0 ? 'first' : 'others'];
  let networkBackAt = -1;

  const breach = (what: string, server: number, now: number): never => {
    throw new Error(`seed ${seed}, second ${now}, server ${server}: ${what}`);
  };

  for (let server = 0; server < servers; server += 1) ledger.schedule(server, Math.floor(random() * 300));

  for (let now = 0; now < seconds; now += 1) {
    ledger.tick(now);
    if (now >= networkBackAt && random() < 1 / 100_000) networkBackAt = now + 30 + Math.floor(random() * 270);
    for (const ended of endings[now]!) end(ended, now);
    endings[now] = [];

    const hasSlot = { first: false, others: false };
    let isAlive = false;
    for (let monitor = 0; monitor < monitors; monitor += 1) {
      if (aliveFrom[monitor]! <= now && random() < 1 / 2_000) crash(monitor, now);
      if (aliveFrom[monitor]! > now) continue;
      isAlive = true;
      work(monitor, now);
      const { all, ofFirst } = running[monitor]!;
      hasSlot.first ||= ofFirst < SLOTS - all;
      hasSlot.others ||= FEW < SLOTS - all;
    }
    for (const kind of ['first', 'others'] as const)
      withoutSlots[kind][now + 1] = withoutSlots[kind][now]! + (hasSlot[kind] ? 0 : 1);
    if (isAlive && !hasSlot.others) figures.secondsCrowded += 1;
  }
  figures.secondsWithoutSlots = withoutSlots.others[seconds]!;
  for (let server = 0; server < servers; server += 1) {
    const without = withoutSlotsFor(server);
    const excuse = heldUp[server]! + without[seconds]! - without[observedAt[server]!]!;
    const age = seconds - observedAt[server]! - excuse - deaths[server]! * LEASE_SECONDS;
    if (age > OLDEST_STATUS) breach(`is forgotten for ${age} s`, server, seconds);
  }
  return figures;

  function work(monitor: number, now: number): void {
    const claimed = jobs[monitor]!;
    for (const { server, leaseId } of claimed.takeOverdue(now - MOST_WAIT_SECONDS)) {
      held[monitor]!.delete(server);
      ledger.finish(server, leaseId, now);
    }
    fillSlots(monitor, now);
    if (claimed.isStocked) return;
    const { heldByOwner } = claimed;
    const claims = ledger.claim(now, claimed.room, LEASE_SECONDS, (owner) => heldByOwner[owner] ?? 0);
    const taken = claims.map((claim) => ({ ...claim, owner_id: String(workspaceOf[claim.server]) }));
    for (const job of taken) held[monitor]!.set(job.server, job);
    claimed.add(taken, now);
    fillSlots(monitor, now);
  }

  function fillSlots(monitor: number, now: number): void {
    const claimed = jobs[monitor]!;
    for (let job = claimed.takeNext(); job; job = claimed.takeNext()) begin(job, monitor, now);
  }

  function count(monitor: number, server: number, by: 1 | -1): void {
    running[monitor]!.all += by;
    if (workspaceOf[server] === 0) running[monitor]!.ofFirst += by;
  }

  /** Nobody waits while its owner may take a slot, but for the lease of a monitor that died, and for one of one that lives. */
  function begin(job: Job, monitor: number, now: number): void {
    const { server } = job;
    const waited = job.waited + now - job.claimedAt;
    if (probing[server]) breach('is probed by two', server, now);
    const without = withoutSlotsFor(server);
    const excused = without[now]! - without[now - waited]! + deaths[server]! * LEASE_SECONDS;
    if (waited > excused + SLOWEST_PROBE)
      breach(`waited ${waited} s, of them ${excused} s for a slot`, server, now);
    figures.longestWait = Math.max(figures.longestWait, waited);
    probing[server] = 1;
    count(monitor, server, 1);
    const truth = world.at(server, now);
    const isHanging = !truth.isUp && truth.code === 'timeout';
    const takes = isHanging ? SLOWEST_PROBE : random() < 0.02 ? 5 : 1;
    endings[now + takes]!.push({ ...job, waited, monitor });
  }

  /** As SIGKILL: what it had in hand is never heard of again. */
  function crash(monitor: number, now: number): void {
    figures.crashes += 1;
    aliveFrom[monitor] = now + 5 + Math.floor(random() * 600);
    running[monitor] = { all: 0, ofFirst: 0 };
    jobs[monitor] = new ClaimedJobs<Job>(SLOTS);
    for (const server of held[monitor]!.keys()) {
      probing[server] = 0;
      deaths[server]! += 1;
    }
    held[monitor]!.clear();
  }

  function end({ server, leaseId, monitor, waited }: Running, now: number): void {
    const job = held[monitor]!.get(server);
    // Whoever crashed since began anew, without this server.
    if (job?.leaseId !== leaseId) return;
    held[monitor]!.delete(server);
    jobs[monitor]!.release(job);
    count(monitor, server, -1);
    probing[server] = 0;
    deaths[server] = 0;
    heldUp[server]! += waited;
    const truth = world.at(server, now);
    const finding = now < networkBackAt ? ({ kind: 'ours' } as const) : findingOf(truth);
    const history = {
      status: status[server]!,
      hasConnected: hasConnected[server] === 1,
      isWatched: isWatched(workspaceOf[server]!),
      memory: memory[server]!,
      incident: incident[server]!,
    };
    const decision = decide(finding, history, {
      now: now * 1000,
      random: random(),
      schedule: PROBE_SCHEDULE,
    });
    figures.probes += 1;
    const nextSeconds = Math.ceil(decision.nextMs / 1000);
    if (!(nextSeconds > 0)) breach(`is to be probed after ${decision.nextMs} ms`, server, now);
    if (!ledger.finish(server, leaseId, now + nextSeconds)) breach('lost its lease', server, now);
    memory[server] = decision.memory;
    if (finding.kind === 'ours') heldUp[server]! += nextSeconds + SLOWEST_PROBE;
    if (decision.status) show(server, decision.status, truth, now);
    if (decision.notice) announce(server, decision.notice.kind, now);
  }

  function show(server: number, next: ConnectionStatus, truth: Truth, now: number): void {
    const before = status[server]!;
    if ((next === 'connected') !== truth.isUp) breach(`is shown as ${next} and is not`, server, now);
    const age = now - observedAt[server]! - heldUp[server]!;
    if (age > OLDEST_STATUS) breach(`had a status of ${age} s`, server, now);
    figures.oldestStatus = Math.max(figures.oldestStatus, age);
    const late = now - Math.max(world.since(server), observedAt[server]!) - heldUp[server]!;
    const isSeen = isWatched(workspaceOf[server]!);
    const isFlapping = (incident[server]?.inSeries ?? 0) >= FLAPPING_FROM;
    if (!truth.isUp && before === 'connected') {
      if (late > latestDown({ code: truth.code, isWatched: isSeen, isFlapping }))
        breach(`${truth.code} was shown after ${late} s`, server, now);
      figures.slowestDown = Math.max(figures.slowestDown, late);
      const isPlain = truth.code !== 'timeout' && truth.code !== 'rate_limited';
      if (isSeen && isPlain) figures.slowestDownWatched = Math.max(figures.slowestDownWatched, late);
    }
    const code = failedWith[server];
    if (truth.isUp && code) {
      if (late > latestBack({ code, isWatched: isSeen, isFlapping }))
        breach(`was back from ${code} for ${late} s`, server, now);
      const isPlain = code !== 'unauthorized' && code !== 'rate_limited' && !isFlapping;
      if (isSeen && isPlain) figures.slowestBackWatched = Math.max(figures.slowestBackWatched, late);
    }
    failedWith[server] = truth.isUp ? null : truth.code;
    observedAt[server] = now;
    heldUp[server] = 0;
    status[server] = next;
    if (truth.isUp) hasConnected[server] = 1;
    followIncident(server, !truth.isUp, now * 1000);
  }

  function followIncident(server: number, isFailing: boolean, now: number): void {
    const last = incident[server]!;
    const isOpen = last !== null && last.endedAtMs === null;
    if (!isFailing && isOpen) incident[server] = { ...last, endedAtMs: now };
    if (!isFailing || isOpen) return;
    figures.incidents += 1;
    const isSameSeries = last !== null && last.endedAtMs !== null && now - last.endedAtMs < SERIES_GAP_MS;
    incident[server] = {
      startedAtMs: now,
      endedAtMs: null,
      inSeries: isSameSeries ? last.inSeries + 1 : 1,
      announced: isSameSeries ? last.announced : [],
    };
  }

  function announce(server: number, kind: string, now: number): void {
    const last = incident[server];
    if (!last) return breach('has a notice without an incident', server, now);
    last.announced = [...last.announced, kind];
    figures.notices += 1;
    if (last.announced.length > 4) breach(`has the notices ${last.announced.join(', ')}`, server, now);
    if (kind === 'back' && status[server] !== 'connected')
      breach('is announced as back but is not', server, now);
    if (kind !== 'back' && status[server] === 'connected')
      breach(`is announced as ${kind} but is not`, server, now);
  }
}

function findingOf(truth: Truth): Finding {
  if (truth.isUp) return { kind: 'well', certificateExpiresAtMs: null };
  const { code } = truth;
  return { kind: 'failed', code, status: code === 'unauthorized' ? 'needs_auth' : 'error' };
}
