/**
 * The decision of the monitor: from what a probe found and what was known before, the status to show, when to
 * probe again, and what to announce. Pure; the database applies it (supabase/schemas).
 */
import { isAboutCredential, type ErrorCode } from '@patchbay/shared/contract/errors';
import { backoffMs } from '@patchbay/shared/engine/backoff';
import { REJECTED_ADDRESS } from '@patchbay/shared/engine/messages/error-groups';
import type { ConnectionStatus } from '@patchbay/shared/contract/schema/server';
import type { ProbeSchedule } from './probe-schedule.ts';

/** What one probe found. */
export type Finding =
  | { kind: 'well'; certificateExpiresAtMs: number | null }
  | { kind: 'failed'; code: ErrorCode; status: Extract<ConnectionStatus, 'error' | 'needs_auth'> }
  /** A failure of our own, or of our network: says nothing about the server. */
  | { kind: 'ours'; retryAfterMs?: number | undefined };

/** What a decision leaves for the next one. */
export interface ProbeState {
  /** In a row, including unconfirmed ones. */
  failures: number;
  successes: number;
  /** The certificate and the days before its end that were announced. */
  certificate: string | null;
}

export const NOTHING_KNOWN: ProbeState = { failures: 0, successes: 0, certificate: null };

/** The latest period in which the server was not usable. Times in ms since 1970. */
export interface Incident {
  startedAtMs: number;
  /** Null while it lasts. */
  endedAtMs: number | null;
  /** Incidents that follow each other closely are one series: how many there were. */
  inSeries: number;
  /** The notices of this series, in order. */
  announced: string[];
}

export interface History {
  /** What is shown now; a conversation may have seen it. */
  status: ConnectionStatus;
  /** The server was reached at some time in its present configuration's place. */
  hasConnected: boolean;
  /** A page or a conversation of the workspace is open. */
  isWatched: boolean;
  memory: ProbeState;
  incident: Incident | null;
}

export type NoticeDraft =
  | { kind: 'down' | 'needs_auth' | 'back' | 'unstable' }
  | { kind: 'certificate'; key: string; details: { expires_at: string; days: number } };

export interface Decision {
  /** Null: not decided yet, what is shown stays. */
  status: ConnectionStatus | null;
  /** Milliseconds until the next probe. */
  nextMs: number;
  memory: ProbeState;
  notice: NoticeDraft | null;
}

export interface Clock {
  /** Wall clock, ms since 1970. */
  now: number;
  /** From 0 to below 1. */
  random: number;
  schedule: ProbeSchedule;
}

/** An incident belongs to the series of the one before when that ended less than this ago; the same as in SQL. */
export const SERIES_GAP_MS = 15 * 60_000;
/** From so many incidents in a series on, a server counts as one that comes and goes. */
const FLAPPING_FROM = 3;
const DAY_MS = 86_400_000;
const CERTIFICATE_WARNINGS_DAYS = [3, 14];

/** An answer that is clear at the first time. */
const isClear = (code: ErrorCode): boolean => isAboutCredential(code) || REJECTED_ADDRESS.has(code);

/** What follows from a probe. */
export function decide(finding: Finding, history: History, clock: Clock): Decision {
  const { memory } = history;
  switch (finding.kind) {
    case 'ours':
      return { status: null, nextMs: nextAfterOurs(finding, clock), memory, notice: null };
    case 'failed':
      return decideFailed(finding, history, clock);
    case 'well':
      return decideWell(finding, history, clock);
  }
}

/** Those that wait for the same minute of a host come back over the one after it. */
function nextAfterOurs({ retryAfterMs = 0 }: { retryAfterMs?: number | undefined }, clock: Clock): number {
  const { schedule, random } = clock;
  return retryAfterMs > 0 ? retryAfterMs * (1 + random) : schedule.oursMs * (0.5 + random / 2);
}

type Failed = Extract<Finding, { kind: 'failed' }>;
type Well = Extract<Finding, { kind: 'well' }>;

function decideFailed({ code, status }: Failed, history: History, clock: Clock): Decision {
  const failures = history.memory.failures + 1;
  const memory = { ...history.memory, failures, successes: 0 };
  const threshold = isClear(code) ? 1 : isFlapping(history, clock.now) ? 3 : 2;
  // A server that is shown as usable is not called down by one failure; what else is shown was never better.
  const isConfirmed = failures >= threshold || isFailing(history.status);
  const isShown = isConfirmed || history.status !== 'connected';
  return {
    status: isShown ? status : null,
    nextMs: nextAfterFailure(code, failures - threshold, history.isWatched, isConfirmed, clock),
    memory,
    notice: isConfirmed ? noticeOfFailure(status, history, clock.now) : null,
  };
}

function decideWell(finding: Well, history: History, clock: Clock): Decision {
  const { now, random, schedule } = clock;
  const successes = history.memory.successes + 1;
  const memory = { ...history.memory, failures: 0, successes };
  if (isFailing(history.status) && isFlapping(history, now) && successes < 2) {
    return { status: null, nextMs: jittered(schedule.confirmMs, random), memory, notice: null };
  }
  const grown = Math.min(schedule.healthyLongestMs, schedule.healthyMs * 1.25 ** Math.min(successes - 1, 20));
  const nextMs = jittered(history.isWatched ? schedule.healthyMs : grown, random);
  const back = noticeOfSuccess(history, clock);
  const warning = back ? null : certificateWarning(finding.certificateExpiresAtMs, memory, now);
  return {
    status: 'connected',
    nextMs,
    memory: warning ? { ...memory, certificate: warning.key } : memory,
    notice: back ?? warning,
  };
}

function nextAfterFailure(
  code: ErrorCode,
  beyondThreshold: number,
  isWatched: boolean,
  isConfirmed: boolean,
  { random, schedule }: Clock,
): number {
  if (code === 'rate_limited') return schedule.limitedMs * (1 + random / 2);
  if (isClear(code))
    return jittered(isWatched ? schedule.hopelessWatchedMs : schedule.hopelessLongestMs, random);
  if (!isConfirmed) return jittered(schedule.confirmMs, random);
  const highest = isWatched ? schedule.downWatchedMs : schedule.downLongestMs;
  // Full jitter, but never at once.
  const ceiling = backoffMs(Math.max(beyondThreshold, 0) + 1, schedule.downMs, highest);
  return Math.max(random * ceiling, schedule.downMs / 5);
}

/** One when it begins; one more when it turns out to come and go. */
function noticeOfFailure(status: Failed['status'], history: History, now: number): NoticeDraft | null {
  // Notices are about servers that worked before; whoever adds one sees its status.
  if (!history.hasConnected) return null;
  const { announced } = seriesOf(history, now);
  const last = announced.at(-1);
  if (last === undefined) return { kind: status === 'needs_auth' ? 'needs_auth' : 'down' };
  return last === 'back' && !announced.includes('unstable') ? { kind: 'unstable' } : null;
}

function noticeOfSuccess(history: History, { now, schedule }: Clock): NoticeDraft | null {
  const { announced, inSeries, endedAtMs } = seriesOf(history, now);
  const last = announced.at(-1);
  if (last === undefined || last === 'back') return null;
  const isStable = endedAtMs !== null && now - endedAtMs >= schedule.stableMs;
  return inSeries <= 1 || isStable ? { kind: 'back' } : null;
}

function certificateWarning(
  expiresAtMs: number | null,
  { certificate }: ProbeState,
  now: number,
): Extract<NoticeDraft, { kind: 'certificate' }> | null {
  if (expiresAtMs === null) return null;
  const days = (expiresAtMs - now) / DAY_MS;
  const warning = CERTIFICATE_WARNINGS_DAYS.find((limit) => days < limit);
  if (warning === undefined) return null;
  const expires_at = new Date(expiresAtMs).toISOString();
  const key = `certificate:${expires_at}:${warning}`;
  if (key === certificate) return null;
  return { kind: 'certificate', key, details: { expires_at, days: Math.max(0, Math.floor(days)) } };
}

function seriesOf({ incident }: History, now: number): Omit<Incident, 'startedAtMs'> {
  const isCurrent =
    incident !== null && (incident.endedAtMs === null || now - incident.endedAtMs < SERIES_GAP_MS);
  return isCurrent ? incident : { endedAtMs: null, inSeries: 0, announced: [] };
}

function isFlapping(history: History, now: number): boolean {
  return seriesOf(history, now).inSeries >= FLAPPING_FROM;
}

function isFailing(status: ConnectionStatus): boolean {
  return status === 'error' || status === 'needs_auth';
}

/** A tenth less at most, so that many do not fall due together. */
function jittered(ms: number, random: number): number {
  return ms * (0.9 + random / 10);
}
