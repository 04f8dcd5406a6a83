import { RoomServiceClient } from 'livekit-server-sdk';
import { z } from 'zod';
import { failed, ok, unknown, type Finding } from './finding.ts';
import { ask, reasonOf, type Answer } from './http.ts';
import { isLoopback } from './secrets.ts';

export type LivekitReading = { rooms: number } | { refused: number } | { unreachable: string };

export async function readLivekit(url: string, key: string, secret: string): Promise<LivekitReading> {
  try {
    const http = url.replace(/^ws/, 'http');
    const client = new RoomServiceClient(http, key, secret, { requestTimeout: 10, failover: false });
    return { rooms: (await client.listRooms()).length };
  } catch (error) {
    const status = error instanceof Error && 'status' in error ? error.status : undefined;
    return typeof status === 'number' ? { refused: status } : { unreachable: reasonOf(error) };
  }
}

export function judgeLivekit(reading: LivekitReading): Finding {
  if ('rooms' in reading)
    return ok('livekit', `it accepts the key and secret; ${reading.rooms} rooms are open`);
  if ('unreachable' in reading)
    return failed(
      'livekit',
      `nothing answers (${reading.unreachable})`,
      'Set LIVEKIT_URL to the address of the project (wss://….livekit.cloud).',
    );
  return reading.refused === 401 || reading.refused === 403
    ? failed(
        'livekit',
        'the key or secret is rejected',
        'Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a pair of this project (Settings, API keys).',
      )
    : failed(
        'livekit',
        `it answers ${reading.refused}`,
        'Check https://status.livekit.io, or the log of the server.',
      );
}

export interface WorkerReading {
  health: Pick<Answer, 'status' | 'reason'>;
  agentName: string | null;
}

const WorkerFacts = z.object({ agent_name: z.string() });

export async function readWorker(url: string): Promise<WorkerReading> {
  const base = url.replace(/\/$/, '');
  const [health, facts] = await Promise.all([ask(`${base}/`), ask(`${base}/worker`)]);
  return { health, agentName: WorkerFacts.safeParse(facts.body).data?.agent_name ?? null };
}

export function judgeWorker({ health, agentName }: WorkerReading, expectedName: string): Finding {
  if (health.status === null)
    return failed(
      'worker',
      `nothing answers (${health.reason ?? 'unknown'})`,
      'Start it (`fly deploy --ha=false`, `fly machine list`), and check its log for the variable that it needs.',
    );
  if (health.status !== 200)
    return failed(
      'worker',
      'it runs, but is not registered with LiveKit',
      'Give it the LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET of this project (`fly secrets set`).',
    );
  if (agentName !== null && agentName !== expectedName)
    return failed(
      'worker',
      `it is registered as ${agentName}, but conversations ask for ${expectedName}`,
      'Set PATCHBAY_AGENT_NAME to the same name for the worker and the functions.',
    );
  return ok('worker', `it is registered as ${agentName ?? expectedName}`);
}

/**
 * @param atWork monitors that the database saw within the last minute; null when it does not tell
 * @param withoutNetwork those of them that reach none of their reference hosts
 */
export function judgeMonitor(
  health: Pick<Answer, 'status'> | null,
  atWork: number | null,
  withoutNetwork = 0,
): Finding {
  if (health && health.status !== 200)
    return failed(
      'monitor',
      health.status === null ? 'nothing answers at its address' : 'it runs, but gets no work',
      'Check its log for the cause: SUPABASE_URL, SUPABASE_SECRET_KEY and PATCHBAY_SECRETS_KEYS must be set.',
    );
  if (atWork === 0)
    return failed(
      'monitor',
      'none has worked within the last minute',
      'Start one: `fly scale count monitor=1`, or node agent-worker/src/monitor/main.ts.',
    );
  if (withoutNetwork > 0)
    return failed(
      'monitor',
      `${withoutNetwork} of ${atWork} can't reach any reference host, so no server is shown as offline`,
      'Check how the monitor reaches the internet, its DNS, and PATCHBAY_MONITOR_REFERENCE_HOSTS.',
    );
  if (atWork === null && health === null)
    return unknown('monitor', 'neither its address nor the database is known');
  return ok('monitor', atWork === null ? 'it answers' : `${atWork} at work`);
}

export const readPage = (url: string): Promise<Answer> => ask(`${url.replace(/\/$/, '')}/sign-in`);

export function judgePage(
  { status, reason, headers }: Answer,
  url: string,
  needed: Record<string, string>,
): Finding {
  if (status === null)
    return failed(
      'page',
      `nothing answers (${reason ?? 'unknown'})`,
      'Set PATCHBAY_WEB_URL to the address of the page, https://….',
    );
  if (status === 503)
    return failed('page', 'it is not set up', 'Open it: it lists the variables that Vercel needs.');
  const policy = headers.get('content-security-policy');
  if (status !== 200 || policy === null)
    return failed(
      'page',
      `what answers (${status}) is not the page of Patchbay`,
      'Set PATCHBAY_WEB_URL to the address of the page; a protected deployment asks for a sign-in first.',
    );
  if (!url.startsWith('https:') && !isLoopback(url))
    return failed(
      'page',
      'it is served without https',
      'Serve it over https: browsers require it for the microphone.',
    );
  // Its content security policy lists the addresses that it was configured with.
  const missing = Object.entries(needed).filter(([, address]) => !policy.includes(new URL(address).host));
  if (missing.length > 0)
    return failed(
      'page',
      `it is configured for another deployment: ${missing.map(([name]) => name).join(', ')}`,
      'Set PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_PUBLISHABLE_KEY and LIVEKIT_URL on Vercel, and deploy it again.',
    );
  return ok('page', 'it answers, and uses this Supabase and this LiveKit');
}
