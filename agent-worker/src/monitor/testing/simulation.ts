/**
 * Days of monitoring in seconds: the real decision, the lease rules in memory, servers that fail in every way,
 * monitors that come and go without a word, a network that goes away. Everything that must hold is checked at
 * each step; the first breach ends the simulation.
 */
import type { ConnectionStatus } from '@patchbay/shared/schema/server';
import { decide, NOTHING_KNOWN, SERIES_GAP_MS, type Finding, type Incident, type Memory } from '../decide.ts';
import { PACE } from '../pace.ts';
import { Ledger, type Claim } from './ledger.ts';
import { seeded, World } from './world.ts';

export interface SimulationOptions {
  servers: number;
  seconds: number;
  monitors: number;
  seed: number;
}

export interface Figures {
  probes: number;
  notices: number;
  incidents: number;
  crashes: number;
  longestWait: number;
  oldestStatus: number;
  slowestDown: number;
}

interface Running extends Claim {
  monitor: number;
}

const PLACES = 32;
const LEASE_SECONDS = 40;
/** What a server may wait beyond its time: a lease of a monitor that died, and a queue behind it. */
const LONGEST_WAIT = 60;
const SLOWEST_PROBE = 15;
const HEALTHY_LONGEST = PACE.healthyLongestMs / 1000;
const CONFIRM = PACE.confirmMs / 1000;
const OLDEST_STATUS = HEALTHY_LONGEST + 2 * (LONGEST_WAIT + SLOWEST_PROBE) + 3 * CONFIRM;
/** Every second workspace is looked at; the first is very large, the last ones have three servers each. */
const isWatched = (workspace: number): boolean => workspace % 2 === 1;

/** @throws Error at the first breach of an invariant */
export function simulate({ servers, seconds, monitors, seed }: SimulationOptions): Figures {
  const random = seeded(seed);
  const workspaceOf = Uint32Array.from({ length: servers }, (_, server) =>
    server < servers / 2 ? 0 : 1 + Math.floor((server - servers / 2) / 3),
  );
  const world = new World(servers, random);
  const ledger = new Ledger(workspaceOf, seconds + 1_000);
  const status: ConnectionStatus[] = Array.from({ length: servers }, () => 'disconnected');
  const memory: Memory[] = Array.from({ length: servers }, () => NOTHING_KNOWN);
  const incident: (Incident | null)[] = Array.from({ length: servers }, () => null);
  const hasConnected = new Uint8Array(servers);
  const observedAt = new Float64Array(servers);
  const probing = new Uint8Array(servers);
  const figures: Figures = {
    probes: 0,
    notices: 0,
    incidents: 0,
    crashes: 0,
    longestWait: 0,
    oldestStatus: 0,
    slowestDown: 0,
  };
  const endings: Running[][] = Array.from({ length: seconds + 100 }, () => []);
  const aliveFrom = new Float64Array(monitors);
  const busy = new Uint32Array(monitors);
  const held: Set<number>[] = Array.from({ length: monitors }, () => new Set());
  /** Nobody could look: no monitor, or no network. What follows gets so much more time. */
  let allowance = 0;
  let networkBackAt = -1;

  const breach = (what: string, server: number, now: number): never => {
    throw new Error(`seed ${seed}, second ${now}, server ${server}: ${what}`);
  };

  for (let server = 0; server < servers; server += 1) ledger.schedule(server, Math.floor(random() * 300));

  for (let now = 0; now < seconds; now += 1) {
    ledger.tick(now);
    const isAway = now < networkBackAt;
    if (!isAway && random() < 1 / 100_000) networkBackAt = now + 30 + Math.floor(random() * 270);
    for (const running of endings[now]!) end(running, now);
    endings[now] = [];

    let hands = 0;
    for (let monitor = 0; monitor < monitors; monitor += 1) {
      if (aliveFrom[monitor]! <= now && random() < 1 / 2_000) crash(monitor, now);
      if (aliveFrom[monitor]! > now) continue;
      hands += 1;
      const free = PLACES - busy[monitor]!;
      if (!isAway && free >= PLACES / 4)
        for (const claim of ledger.claim(now, free, LEASE_SECONDS)) begin(claim, monitor, now);
    }
    allowance = hands === 0 || isAway ? allowance + 1 : Math.max(0, allowance - 0.1);
  }
  for (let server = 0; server < servers; server += 1) {
    const age = seconds - observedAt[server]!;
    if (age > OLDEST_STATUS + allowance * 3) breach(`is forgotten for ${age} s`, server, seconds);
  }
  return figures;

  function begin(claim: Claim, monitor: number, now: number): void {
    const { server, waited } = claim;
    if (probing[server]) breach('is probed by two', server, now);
    if (waited > LONGEST_WAIT + allowance * 2) breach(`waited ${waited} s`, server, now);
    figures.longestWait = Math.max(figures.longestWait, waited);
    probing[server] = 1;
    busy[monitor]! += 1;
    held[monitor]!.add(server);
    const truth = world.at(server, now);
    const isHanging = !truth.isUp && truth.code === 'timeout';
    const takes = isHanging ? SLOWEST_PROBE : random() < 0.02 ? 5 : 1;
    endings[now + takes]!.push({ ...claim, monitor });
  }

  /** As SIGKILL: what it had in hand is never heard of again. */
  function crash(monitor: number, now: number): void {
    figures.crashes += 1;
    aliveFrom[monitor] = now + 5 + Math.floor(random() * 600);
    busy[monitor] = 0;
    for (const server of held[monitor]!) probing[server] = 0;
    held[monitor]!.clear();
  }

  function end({ server, leaseId, monitor }: Running, now: number): void {
    // Whoever crashed since began anew, without this server.
    if (!held[monitor]!.has(server)) return;
    held[monitor]!.delete(server);
    busy[monitor]! -= 1;
    probing[server] = 0;
    const truth = world.at(server, now);
    const finding: Finding =
      now < networkBackAt
        ? { kind: 'ours' }
        : truth.isUp
          ? { kind: 'well', certificateExpiresAtMs: null }
          : {
              kind: 'failed',
              code: truth.code,
              status: truth.code === 'unauthorized' ? 'needs_auth' : 'error',
            };
    const decision = decide(
      finding,
      {
        status: status[server]!,
        hasConnected: hasConnected[server] === 1,
        isWatched: isWatched(workspaceOf[server]!),
        memory: memory[server]!,
        incident: incident[server]!,
      },
      { now: now * 1000, random: random(), pace: PACE },
    );
    figures.probes += 1;
    if (!(decision.nextMs > 0)) breach(`is to be looked at after ${decision.nextMs} ms`, server, now);
    if (!ledger.finish(server, leaseId, now + Math.ceil(decision.nextMs / 1000)))
      breach('lost its lease', server, now);
    memory[server] = decision.memory;
    take(server, decision.status, truth.isUp, now);
    if (decision.notice) announce(server, decision.notice.kind, now);
  }

  function take(server: number, next: ConnectionStatus | null, isUp: boolean, now: number): void {
    const before = status[server]!;
    if (next === null) return;
    const isFailing = next !== 'connected';
    if (isFailing === isUp) breach(`is shown as ${next} and is not`, server, now);
    const age = now - observedAt[server]!;
    if (age > OLDEST_STATUS + allowance * 3) breach(`had a status of ${age} s`, server, now);
    figures.oldestStatus = Math.max(figures.oldestStatus, age);
    const wasFailing = before === 'error' || before === 'needs_auth';
    if (isFailing && !wasFailing && before !== 'disconnected') {
      const late = now - Math.max(world.since(server), observedAt[server]!);
      figures.slowestDown = Math.max(figures.slowestDown, late - allowance);
    }
    observedAt[server] = now;
    status[server] = next;
    if (!isFailing) hasConnected[server] = 1;
    followIncident(server, isFailing, now * 1000);
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
    if (!last) return breach('is told of without an incident', server, now);
    last.announced = [...last.announced, kind];
    figures.notices += 1;
    if (last.announced.length > 4) breach(`is told of ${last.announced.join(', ')}`, server, now);
    if (kind === 'back' && status[server] !== 'connected')
      breach('is told to be back and is not', server, now);
    if (kind !== 'back' && status[server] === 'connected')
      breach(`is told to be ${kind} and is not`, server, now);
  }
}
