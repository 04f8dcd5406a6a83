/** Each check has two parts: `read…` (effects, read-only) and `judge…` (pure). */
import { randomUUID } from 'node:crypto';
import { workspaceTopic } from '@patchbay/shared/contract/schema/hints';
import { createClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { failed, ok, unknown, type Finding } from './finding.ts';
import { ask, type Answer } from './http.ts';

const DEPLOY = 'Run `npm run deploy:supabase` from this checkout.';
const JOIN_TIMEOUT_MS = 5_000;
const AT_ONCE = 8;

export const DeploymentState = z.object({
  migrations: z.array(z.string()),
  open_tables: z.array(z.string()),
  prunes: z.boolean().nullable(),
  monitors: z.number(),
  monitors_without_network: z.number().default(0),
});
export type DeploymentState = z.infer<typeof DeploymentState>;

/** Headers as supabase-js sends them without a session. */
export const withKey = (key: string): Record<string, string> => ({
  apikey: key,
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
});

export const askState = (url: string, secretKey: string): Promise<Answer> =>
  ask(`${url}/rest/v1/rpc/deployment_state`, { method: 'POST', headers: withKey(secretKey), body: '{}' });

export function judgeDatabase({ status, reason }: Answer): Finding {
  if (status === null)
    return failed(
      'database',
      `nothing answers (${reason ?? 'unknown'})`,
      'Set SUPABASE_URL to the address of the project (Settings, API), and check whether the project is paused.',
    );
  if (status === 401 || status === 403)
    return failed(
      'database',
      'the secret key is rejected',
      'Set SUPABASE_SECRET_KEY to a secret key (sb_secret_…) of this project, not of another.',
    );
  if (status >= 500)
    return failed('database', `it answers ${status}`, 'Check the database log in the dashboard.');
  return ok('database', 'it answers, and accepts the secret key');
}

export function judgeMigrations({ status, body }: Answer, expected: readonly string[]): Finding {
  const state = DeploymentState.safeParse(body);
  if (status !== 200 || !state.success)
    return failed('migrations', 'the migrations of this checkout are not applied', DEPLOY);
  const { migrations } = state.data;
  const missing = expected.filter((version) => !migrations.includes(version));
  if (missing.length > 0)
    return failed('migrations', `${missing.length} are missing, the first is ${missing[0]}`, DEPLOY);
  const foreign = migrations.filter((version) => !expected.includes(version));
  if (foreign.length > 0)
    return failed(
      'migrations',
      `the database has ${foreign.join(', ')}, which this checkout does not know`,
      'Check out the version that was deployed, or a later one.',
    );
  return ok('migrations', `all ${expected.length} are applied`);
}

/** Row security and retention, as the database reports them. */
export function judgeState({ open_tables, prunes }: DeploymentState): Finding[] {
  return [
    open_tables.length > 0
      ? failed(
          'row security',
          `it is off for ${open_tables.join(', ')}`,
          'Enable it (alter table … enable row level security), and run `npm run db:diff` to see what else differs.',
        )
      : ok('row security', 'it is on for every table'),
    prunes === false
      ? failed(
          'retention',
          'pg_cron is installed, but does not prune old history',
          "Run: select cron.schedule('patchbay-prune-history', '17 3 * * *', 'select private.prune_history()').",
        )
      : ok(
          'retention',
          prunes === null ? 'no pg_cron here: a timer or the monitor prunes' : 'pg_cron prunes it',
        ),
  ];
}

export interface ClientReading {
  settings: Answer;
  asked: { what: string; answer: Answer }[];
}

/** These change nothing even if they were allowed. */
const SYSTEM_CALLS = {
  server_for_probe: { p_server_id: randomUUID(), p_user_id: randomUUID() },
  voice_session_snapshot: { p_session_id: randomUUID() },
  deployment_state: {},
};

export async function readAsClient(
  url: string,
  key: string,
  tables: readonly string[],
): Promise<ClientReading> {
  const headers = withKey(key);
  const checks = [
    ...tables.map((table) => ({
      what: table,
      ask: () => ask(`${url}/rest/v1/${table}?limit=1`, { headers }),
    })),
    ...Object.entries(SYSTEM_CALLS).map(([name, body]) => ({
      what: name,
      ask: () => ask(`${url}/rest/v1/rpc/${name}`, { method: 'POST', headers, body: JSON.stringify(body) }),
    })),
  ];
  const asked: ClientReading['asked'] = [];
  for (let i = 0; i < checks.length; i += AT_ONCE) {
    const batch = checks
      .slice(i, i + AT_ONCE)
      .map(async (reading) => ({ what: reading.what, answer: await reading.ask() }));
    asked.push(...(await Promise.all(batch)));
  }
  return { settings: await ask(`${url}/auth/v1/settings`, { headers }), asked };
}

export function judgeClient({ settings, asked }: ClientReading): Finding {
  if (settings.status === null) return unknown('anonymous callers', 'the sign-in service does not answer');
  if (settings.status !== 200)
    return failed(
      'anonymous callers',
      `the publishable key is refused (${settings.status})`,
      'Set SUPABASE_PUBLISHABLE_KEY to the publishable key (sb_publishable_…) of this project.',
    );
  const seen = asked.filter(
    ({ answer: { status, body } }) => status === 200 && !(Array.isArray(body) && body.length === 0),
  );
  if (seen.length > 0)
    return failed(
      'anonymous callers',
      `the publishable key opens ${seen.map(({ what }) => what).join(', ')}`,
      'If SUPABASE_PUBLISHABLE_KEY is a secret key, replace it and revoke that key; else `npm run db:diff` names the grant.',
    );
  return ok('anonymous callers', 'they see no row, and no call of the system answers them');
}

type Joined = 'joined' | 'refused' | 'unreachable';
export interface RealtimeReading {
  system: Joined;
  anonymous: Joined;
}

/** Joins the private topic of a workspace that there is not, as the system and as nobody. */
export async function readRealtime(
  url: string,
  secretKey: string,
  publishableKey: string,
): Promise<RealtimeReading> {
  const [system, anonymous] = await Promise.all([secretKey, publishableKey].map((key) => join(url, key)));
  return { system: system ?? 'unreachable', anonymous: anonymous ?? 'unreachable' };
}

async function join(url: string, key: string): Promise<Joined> {
  const client = createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { timeout: JOIN_TIMEOUT_MS },
  });
  try {
    return await new Promise<Joined>((resolve) => {
      const giveUp = setTimeout(() => resolve('unreachable'), JOIN_TIMEOUT_MS);
      client.channel(workspaceTopic(randomUUID()), { config: { private: true } }).subscribe((status) => {
        if (status === 'SUBSCRIBED') resolve('joined');
        // A socket that cannot be opened is an error of the channel too.
        else if (status === 'CHANNEL_ERROR')
          resolve(client.realtime.isConnected() ? 'refused' : 'unreachable');
        else if (status === 'TIMED_OUT') resolve('unreachable');
        else return;
        clearTimeout(giveUp);
      });
    });
  } finally {
    await client.removeAllChannels();
    await client.realtime.disconnect();
  }
}

export function judgeRealtime({ system, anonymous }: RealtimeReading): Finding {
  if (system === 'unreachable')
    return failed(
      'realtime',
      'the socket does not open',
      'See that Realtime is on (Project Settings, Realtime), and that no proxy keeps WebSockets from SUPABASE_URL.',
    );
  if (system === 'refused')
    return failed(
      'realtime',
      'the secret key may not join the private topic of a workspace',
      'Set SUPABASE_SECRET_KEY to a secret key of this project; its role must be service_role.',
    );
  if (anonymous === 'joined')
    return failed(
      'realtime',
      'nobody in particular may join the private topic of a workspace',
      'Switch "Allow public access" of Realtime off, and see with `npm run db:diff` which policy differs.',
    );
  return ok('realtime', 'the system may join a private topic, an anonymous caller may not');
}

export const readFunction = (url: string, name: string): Promise<Answer> =>
  ask(`${url}/functions/v1/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });

export function judgeFunctions(answers: Record<string, Pick<Answer, 'status'>>): Finding {
  const entries = Object.entries(answers);
  const named = (isMeant: (status: number | null) => boolean): string =>
    entries
      .filter(([, { status }]) => isMeant(status))
      .map(([name]) => name)
      .join(', ');
  const missing = named((status) => status === 404);
  if (missing) return failed('functions', `not deployed: ${missing}`, DEPLOY);
  const broken = named((status) => status === null || status >= 500);
  if (broken)
    return failed(
      'functions',
      `they do not start: ${broken}`,
      'Deploy this checkout: `npm run deploy:supabase`. If they still do not start, their logs in the dashboard (Edge Functions) say why.',
    );
  const open = named((status) => status !== 401);
  if (open)
    return failed(
      'functions',
      `they answer somebody without a token: ${open}`,
      'Deploy them as supabase/config.toml says: `npm run deploy:supabase`.',
    );
  return ok('functions', `all ${entries.length} answer, and ask who is there`);
}
