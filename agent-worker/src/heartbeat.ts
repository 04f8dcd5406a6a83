/** Reports that this worker is alive, so that `npm run doctor` can count the workers that take conversations. */
import { randomUUID } from 'node:crypto';
import { pause } from '@patchbay/shared/engine/pause';
import type { ClientSchema } from '@patchbay/shared/contract/schema/database';
import { trimEnd } from '@patchbay/shared/contract/json/trim-end';
import type { Environment } from './environment.ts';
import type { Log } from '@patchbay/livekit/log';

/** A worker counts as alive for a minute: two reports may be lost. */
const EVERY_MS = 20_000;
/** A worker that is just starting is soon registered. */
const UNREGISTERED_MS = 1_000;
const TIMEOUT_MS = 5_000;

type Calls = Pick<ClientSchema['public']['Functions'], 'report_worker' | 'retire_worker'>;

/** Calls a function of the database. @throws Error when it isn't reached, or fails */
export type CallDatabase = <Name extends keyof Calls>(name: Name, args: Calls[Name]['Args']) => Promise<void>;

export interface HeartbeatOptions {
  call: CallDatabase;
  agentName: string;
  version: string;
  /** In conversations. */
  capacity: number;
  conversations: () => number;
  /** Whether LiveKit knows of the worker: only then does it take conversations. */
  isRegistered: () => Promise<boolean>;
  log: Pick<Log, 'info' | 'warn'>;
  everyMs?: number;
}

export interface Heartbeat {
  /** The worker takes no more conversations, and is no longer counted. Never rejects. */
  stop(): Promise<void>;
}

/** Reports at once, and then every 20 s. A database that can't be reached is logged once, until it answers again. */
export function startHeartbeat({ call, log, everyMs = EVERY_MS, ...worker }: HeartbeatOptions): Heartbeat {
  const id = randomUUID();
  const stopping = new AbortController();
  const { signal } = stopping;
  let isFailing = false;

  async function attempt<Name extends keyof Calls>(name: Name, args: Calls[Name]['Args']): Promise<void> {
    try {
      await call(name, args);
      if (isFailing) log.info('heartbeats reach the database again');
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn({ error }, 'the heartbeat of this worker did not reach the database');
      isFailing = true;
    }
  }

  async function beat(): Promise<void> {
    while (!signal.aborted) {
      const isRegistered = await worker.isRegistered();
      if (isRegistered)
        await attempt('report_worker', {
          p_id: id,
          p_agent_name: worker.agentName,
          p_version: worker.version,
          p_capacity: worker.capacity,
          p_conversations: worker.conversations(),
        });
      await pause(isRegistered ? everyMs : Math.min(everyMs, UNREGISTERED_MS), signal, { ref: false });
    }
  }

  const beating = beat();
  return {
    async stop() {
      stopping.abort();
      // A report on its way would bring the row back.
      await beating;
      await attempt('retire_worker', { p_id: id });
    },
  };
}

/** Where a process that listens on all addresses of its machine reaches itself. */
const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** The worker's health endpoint, as the worker itself reaches it. @param host where it listens */
export function healthUrl(host: string, port: number): string {
  const here = LOOPBACK[host] ?? host;
  return `http://${here.includes(':') ? `[${here}]` : here}:${port}/`;
}

/** Calls the database with the service key. Without supabase-js: it would take more memory than all else here. */
export function callWithServiceKey({
  SUPABASE_URL: url,
  SUPABASE_SECRET_KEY: key,
}: Pick<Environment, 'SUPABASE_URL' | 'SUPABASE_SECRET_KEY'>): CallDatabase {
  // As supabase-js, which everything else here uses, takes it.
  const base = trimEnd(url, '/');
  return async (name, args) => {
    const { ok, status } = await fetch(`${base}/rest/v1/rpc/${name}`, {
      method: 'POST',
      headers: { apikey: key, authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!ok) throw new Error(`${name} failed with status ${status}`);
  };
}
