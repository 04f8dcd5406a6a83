/** LiveKit, the worker, the monitor and the page: looks and judgements, as in supabase.ts. */
import { RoomServiceClient } from 'livekit-server-sdk';
import { z } from 'zod';
import { failed, ok, unknown, type Finding } from './finding.ts';
import { ask, reasonOf, type Answer } from './http.ts';
import { isLoopback } from './secrets.ts';

export type LivekitLook = { rooms: number } | { refused: number } | { unreachable: string };

export async function lookAtLivekit(url: string, key: string, secret: string): Promise<LivekitLook> {
  try {
    const http = url.replace(/^ws/, 'http');
    const client = new RoomServiceClient(http, key, secret, { requestTimeout: 10, failover: false });
    return { rooms: (await client.listRooms()).length };
  } catch (error) {
    const status = error instanceof Error && 'status' in error ? error.status : undefined;
    return typeof status === 'number' ? { refused: status } : { unreachable: reasonOf(error) };
  }
}

export function judgeLivekit(look: LivekitLook): Finding {
  if ('rooms' in look) return ok('livekit', `it takes key and secret; ${look.rooms} rooms are open`);
  if ('unreachable' in look)
    return failed(
      'livekit',
      `nothing answers (${look.unreachable})`,
      'Set LIVEKIT_URL to the address of the project (wss://….livekit.cloud).',
    );
  return look.refused === 401 || look.refused === 403
    ? failed(
        'livekit',
        'key or secret are refused',
        'Set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a pair of this project (Settings, API keys).',
      )
    : failed(
        'livekit',
        `it answers ${look.refused}`,
        'Look at the status page of LiveKit, or into the log of the server.',
      );
}

export interface WorkerLook {
  health: Pick<Answer, 'status' | 'reason'>;
  /** The name under which it is registered. */
  agentName: string | null;
}

const WorkerFacts = z.object({ agent_name: z.string() });

export async function lookAtWorker(url: string): Promise<WorkerLook> {
  const base = url.replace(/\/$/, '');
  const [health, facts] = await Promise.all([ask(`${base}/`), ask(`${base}/worker`)]);
  return { health, agentName: WorkerFacts.safeParse(facts.body).data?.agent_name ?? null };
}

export function judgeWorker({ health, agentName }: WorkerLook, expectedName: string): Finding {
  if (health.status === null)
    return failed(
      'worker',
      `nothing answers (${health.reason ?? 'unknown'})`,
      'Start it (`fly deploy --ha=false`, `fly machine list`), and see in its log which variable it asks for.',
    );
  if (health.status !== 200)
    return failed(
      'worker',
      'it runs, and is not registered with LiveKit',
      'Give it the LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET of this project (`fly secrets set`).',
    );
  if (agentName !== null && agentName !== expectedName)
    return failed(
      'worker',
      `it is registered as ${agentName}, and conversations ask for ${expectedName}`,
      'Set PATCHBAY_AGENT_NAME to the same for the worker and the functions.',
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
      health.status === null ? 'nothing answers at its address' : 'it runs, and does not get work',
      'See in its log what keeps it: SUPABASE_URL, SUPABASE_SECRET_KEY and PATCHBAY_SECRETS_KEYS must be set.',
    );
  if (atWork === 0)
    return failed(
      'monitor',
      'none has been at work within the last minute',
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

export const lookAtPage = (url: string): Promise<Answer> => ask(`${url.replace(/\/$/, '')}/sign-in`);

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
    return failed(
      'page',
      'it says that it is not set up',
      'Open it: it names the variables that Vercel needs.',
    );
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
      'Serve it by https: browsers give no microphone otherwise.',
    );
  // What it may connect to is what it was told: the addresses of another project show here.
  const missing = Object.entries(needed).filter(([, address]) => !policy.includes(new URL(address).host));
  if (missing.length > 0)
    return failed(
      'page',
      `it belongs to other addresses: ${missing.map(([name]) => name).join(', ')}`,
      'Set PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_PUBLISHABLE_KEY and LIVEKIT_URL on Vercel, and deploy it again.',
    );
  return ok('page', 'it answers, and talks to this Supabase and this LiveKit');
}
