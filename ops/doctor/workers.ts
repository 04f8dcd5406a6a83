import { z } from 'zod';
import { failed, ok, unknown, type Finding } from './finding.ts';
import { ask, type Answer } from './http.ts';
import { withKey } from './supabase.ts';

const LiveWorkers = z.array(
  z.object({ agent_name: z.string(), version: z.string(), capacity: z.int(), conversations: z.int() }),
);

/** Those that reported within the last minute. */
export const readWorkers = (url: string, secretKey: string): Promise<Answer> =>
  ask(`${url}/rest/v1/rpc/live_workers`, { method: 'POST', headers: withKey(secretKey), body: '{}' });

/**
 * @param agentName the name that conversations ask for: workers under another name take none of them
 * @param expected how many should be alive; NaN where PATCHBAY_EXPECTED_WORKERS is no number
 */
export function judgeWorkers({ status, body }: Answer, agentName: string, expected: number): Finding {
  if (!Number.isInteger(expected) || expected < 0)
    return failed(
      'workers',
      'PATCHBAY_EXPECTED_WORKERS is not a number of workers',
      'Set it to a whole number, or unset it for the default of 1.',
    );
  const workers = LiveWorkers.safeParse(body);
  if (status !== 200 || !workers.success)
    return unknown('workers', 'the database does not return the live workers');
  const alive = workers.data.filter((worker) => worker.agent_name === agentName);
  const others = [...new Set(workers.data.map(({ agent_name }) => agent_name))].filter(
    (name) => name !== agentName,
  );
  const aside = others.length > 0 ? ` (others are registered as ${others.join(', ')})` : '';
  if (alive.length < expected)
    return failed(
      'workers',
      `${alive.length} alive where ${expected} ${expected === 1 ? 'is' : 'are'} expected${aside}`,
      alive.length === 0
        ? 'Start one (`fly deploy --ha=false`), and check its log for what keeps it from LiveKit or the database.'
        : `Run \`fly scale count worker=${expected}\`. It counts a stopped standby as a worker: \`fly machine list\` shows one, \`fly machine destroy\` removes it.`,
    );
  const described = alive.map(
    ({ version, conversations, capacity }) => `${version} with ${conversations} of ${capacity} conversations`,
  );
  return ok(
    'workers',
    `${alive.length} alive${described.length > 0 ? `: ${described.join('; ')}` : ''}${aside}`,
  );
}
