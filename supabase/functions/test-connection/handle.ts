import { countsForStatus } from '../../../shared/src/engine/oauth/grant.ts';
import { probeObservation } from '../../../shared/src/engine/probe/probe-observation.ts';
import type { ProbeResult } from '../../../shared/src/engine/probe/probe.ts';
import type {
  DraftServer,
  TestConnectionAnswer,
  TestConnectionBody,
} from '../../../shared/src/contract/schema/functions.ts';
import type { SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { refuse, succeed, type Answer } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import { mayTest, requireServer } from '../_shared/roles.ts';
import { probeStored, probeWith, type ProbeDeps } from '../_shared/stored-server.ts';

export interface TestConnectionDeps extends ProbeDeps {
  database: Pick<
    Database,
    'callerId' | 'serviceRpc' | 'findServer' | 'countCall' | 'loadServer' | 'reportStatus' | 'toolLimit'
  >;
  readKeys: () => SecretKeys;
  now: () => Date;
}

/**
 * Tests a stored server with its credential and reports its status, or a draft, of which nothing is stored.
 * The answer of a finished test is 200, whether the connection works (`ok: true`) or not. Tests are counted
 * before they run: each is a request to a stranger.
 */
export async function handle(body: TestConnectionBody, deps: TestConnectionDeps): Promise<Answer> {
  return 'server_id' in body ? testStored(body.server_id, deps) : testDraft(body, deps);
}

async function testDraft(draft: DraftServer, deps: TestConnectionDeps): Promise<Answer> {
  await deps.database.countCall('probes');
  return succeed(await withLimit(await probeWith(draft, draft.credential ?? null, deps), deps));
}

async function testStored(serverId: string, deps: TestConnectionDeps): Promise<Answer> {
  const found = await requireServer(serverId, mayTest, deps.database);
  if (!found.ok) return found.answer;
  await deps.database.countCall('probes', found.access.workspaceId);
  const server = await deps.database.loadServer(serverId);
  if (!server) return refuse(404, 'server_not_found', 'There is no such server.');
  const result = await probeStored(server, deps);
  const observation = probeObservation(server, result, 'function', deps.now());
  if (observation && countsForStatus(server, deps.database.callerId))
    await deps.database.reportStatus(observation);
  return succeed(await withLimit(result, deps, found.access.workspaceId));
}

async function withLimit(
  result: ProbeResult,
  { database }: TestConnectionDeps,
  workspaceId?: string,
): Promise<TestConnectionAnswer> {
  if (!result.ok) return result;
  const limit = await database.toolLimit(workspaceId);
  return { ...result, over_limit: Math.max(0, result.tools.length - (limit ?? Infinity)) };
}
