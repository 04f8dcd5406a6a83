import { countsForStatus } from '../../../shared/src/engine/oauth/grant.ts';
import { probeObservation } from '../../../shared/src/engine/probe/probe-observation.ts';
import type { DiscoverToolsBody } from '../../../shared/src/contract/schema/functions.ts';
import type { SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import { mayTest, requireServer } from '../_shared/roles.ts';
import { probeStored, type ProbeDeps } from '../_shared/stored-server.ts';

export interface DiscoverToolsDeps extends ProbeDeps {
  database: Pick<
    Database,
    'callerId' | 'serviceRpc' | 'findServer' | 'countCall' | 'loadServer' | 'reportStatus' | 'storeCatalog'
  >;
  readKeys: () => SecretKeys;
  now: () => Date;
}

/**
 * Reads the tools of a stored server and stores them and its status.
 * A server that cannot be reached gets 502 with the phase, code and hint of the failure; one that was edited
 * while it was read gets 409, and nothing is stored under the new configuration.
 */
export async function handle({ server_id }: DiscoverToolsBody, deps: DiscoverToolsDeps): Promise<Answer> {
  const found = await requireServer(server_id, mayTest, deps.database);
  if (!found.ok) return found.answer;
  await deps.database.countCall('probes', found.access.workspaceId);
  const server = await deps.database.loadServer(server_id);
  if (!server) return refuse(404, 'server_not_found', 'There is no such server.');

  const startedAt = deps.now();
  const result = await probeStored(server, deps);
  const observation = probeObservation(server, result, 'function', deps.now());
  if (observation && countsForStatus(server, deps.database.callerId))
    await deps.database.reportStatus(observation);
  if (!result.ok) {
    const { phase, code, message, hint, phases } = result;
    return refuse(502, code, message, { phase, hint, phases });
  }

  // The list is at least as new as the start of the probe, so a list_changed received during it must win.
  const { stored, ...change } = await deps.database.storeCatalog(server, startedAt, result);
  if (!stored)
    return refuse(
      409,
      'server_changed',
      'The server was changed while its tools were being read. Try again.',
    );
  const { tools, skipped, note = null } = result;
  return succeed({ ...change, tools, skipped, note });
}
