/**
 * The decision of the monitor: from what a probe found and what was known before, the status to show, when to
 * look again, and what people are told. Pure; the database carries it out (supabase/migrations, server_health).
 */
import { isAboutCredential, type ErrorCode } from '@patchbay/shared/contract/errors';
import { backoffMs } from '@patchbay/shared/engine/backoff';
import { REJECTED_ADDRESS } from '@patchbay/shared/engine/messages/error-groups';
import type { ConnectionStatus } from '@patchbay/shared/contract/schema/server';
import type { Pace } from './pace.ts';

/** What one probe found. */
export type Finding =
  | { kind: 'well'; certificateExpiresAtMs: number | null }
  | { kind: 'failed'; code: ErrorCode; status: Extract<ConnectionStatus, 'error' | 'needs_auth'> }
  /** A failure of our own, or of our network: says nothing about the server. */
  | { kind: 'ours'; retryAfterMs?: number | undefined };

/** What a decision leaves for the next one. */
export interface Memory {
  /** In a row, also those that nothing came of yet. */
  failures: number;
  successes: number;
  /** The certificate, and the number of days before its end, that people were told of. */
  certificate: string | null;
}

export const NOTHING_KNOWN: Memory = { failures: 0, successes: 0, certificate: null };

/** The latest time in which the server was not usable, whoever saw it. Times in ms since 1970. */
export interface Incident {
  startedAtMs: number;
  /** Null while it lasts. */
  endedAtMs: number | null;
  /** Incidents that follow each other closely are one series: how many there were. */
  inSeries: number;
  /** What people were told in this series, in order. */
  announced: string[];
}

export interface History {
  /** What is shown now; a conversation may have seen it. */
  status: ConnectionStatus;
  /** The server was reached at some time in its present configuration's place. */
  hasConnected: boolean;
  /** Somebody looks at the workspace, or talks in it. */
  isWatched: boolean;
  memory: Memory;
  incident: Incident | null;
}

export type NoticeDraft =
  | { kind: 'down' | 'needs_auth' | 'back' | 'unstable' }
  | { kind: 'certificate'; key: string; details: { expires_at: string; days: number } };

export interface Decision {
  /** Null: not decided yet, what is shown stays. */
  status: ConnectionStatus | null;
  /** Milliseconds until the next look. */
  nextMs: number;
  memory: Memory;
  notice: NoticeDraft | null;
}

export interface Circumstances {
  /** Wall clock, ms since 1970. */
  now: number;
  /** From 0 to below 1. */
  random: number;
  pace: Pace;
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
export function decide(finding: Finding, history: History, circumstances: Circumstances): Decision {
  const { memory } = history;
  switch (finding.kind) {
    case 'ours':
      return { status: null, nextMs: nextAfterOurs(finding, circumstances), memory, notice: null };
    case 'failed':
      return decideFailed(finding, history, circumstances);
    case 'well':
      return decideWell(finding, history, circumstances);
  }
}

/** Those that wait for the same minute of a host come back over the one after it. */
function nextAfterOurs(
  { retryAfterMs = 0 }: { retryAfterMs?: number | undefined },
  clock: Circumstances,
): number {
  const { pace, random } = clock;
  return retryAfterMs > 0 ? retryAfterMs * (1 + random) : pace.oursMs * (0.5 + random / 2);
}

type Failed = Extract<Finding, { kind: 'failed' }>;
type Well = Extract<Finding, { kind: 'well' }>;

function decideFailed({ code, status }: Failed, history: History, circumstances: Circumstances): Decision {
  const failures = history.memory.failures + 1;
  const memory = { ...history.memory, failures, successes: 0 };
  const threshold = isClear(code) ? 1 : isFlapping(history, circumstances.now) ? 3 : 2;
  // A server that is shown as usable is not called down by one failure; what else is shown was never better.
  const isConfirmed = failures >= threshold || isFailing(history.status);
  const isShown = isConfirmed || history.status !== 'connected';
  return {
    status: isShown ? status : null,
    nextMs: nextAfterFailure(code, failures - threshold, history.isWatched, isConfirmed, circumstances),
    memory,
    notice: isConfirmed ? noticeOfFailure(status, history, circumstances.now) : null,
  };
}

function decideWell(finding: Well, history: History, circumstances: Circumstances): Decision {
  const { now, random, pace } = circumstances;
  const successes = history.memory.successes + 1;
  const memory = { ...history.memory, failures: 0, successes };
  if (isFailing(history.status) && isFlapping(history, now) && successes < 2) {
    return { status: null, nextMs: jittered(pace.confirmMs, random), memory, notice: null };
  }
  const grown = Math.min(pace.healthyLongestMs, pace.healthyMs * 1.25 ** Math.min(successes - 1, 20));
  const nextMs = jittered(history.isWatched ? pace.healthyMs : grown, random);
  const back = noticeOfSuccess(history, circumstances);
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
  { random, pace }: Circumstances,
): number {
  if (code === 'rate_limited') return pace.limitedMs * (1 + random / 2);
  if (isClear(code)) return jittered(isWatched ? pace.hopelessWatchedMs : pace.hopelessLongestMs, random);
  if (!isConfirmed) return jittered(pace.confirmMs, random);
  const highest = isWatched ? pace.downWatchedMs : pace.downLongestMs;
  // Full jitter, but never at once.
  const ceiling = backoffMs(Math.max(beyondThreshold, 0) + 1, pace.downMs, highest);
  return Math.max(random * ceiling, pace.downMs / 5);
}

/** One when it begins; one more when it turns out to come and go. */
function noticeOfFailure(status: Failed['status'], history: History, now: number): NoticeDraft | null {
  // Who adds a server looks at it: news are about servers that worked.
  if (!history.hasConnected) return null;
  const { announced } = seriesOf(history, now);
  const last = announced.at(-1);
  if (last === undefined) return { kind: status === 'needs_auth' ? 'needs_auth' : 'down' };
  return last === 'back' && !announced.includes('unstable') ? { kind: 'unstable' } : null;
}

function noticeOfSuccess(history: History, { now, pace }: Circumstances): NoticeDraft | null {
  const { announced, inSeries, endedAtMs } = seriesOf(history, now);
  const last = announced.at(-1);
  if (last === undefined || last === 'back') return null;
  const isStable = endedAtMs !== null && now - endedAtMs >= pace.stableMs;
  return inSeries <= 1 || isStable ? { kind: 'back' } : null;
}

function certificateWarning(
  expiresAtMs: number | null,
  { certificate }: Memory,
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
