import type { AddressPolicy } from '../../../shared/src/engine/outgoing/address-policy.ts';
import { AppError, describeError } from '../../../shared/src/contract/errors.ts';
import { argumentReader } from '../../../shared/src/engine/calls/arguments.ts';
import { classify } from '../../../shared/src/engine/messages/classify.ts';
import type {
  Connection,
  ConnectionFacts,
  ConnectionOptions,
} from '../../../shared/src/engine/session/connection.ts';
import { callObservation, probeObservation } from '../../../shared/src/engine/probe/probe-observation.ts';
import type { ServerTarget } from '../../../shared/src/engine/session/target.ts';
import { countsForStatus } from '../../../shared/src/engine/oauth/grant.ts';
import { LONGEST_PROGRESS_MESSAGE } from '../../../shared/src/contract/schema/activity.ts';
import type { CallToolAnswer, CallToolBody } from '../../../shared/src/contract/schema/functions.ts';
import { outcomeOf } from '../../../shared/src/contract/schema/session.ts';
import type { ProbeServer } from '../../../shared/src/contract/schema/snapshot.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import { redact } from '../../../shared/src/contract/json/redact.ts';
import type { SecretKeys } from '../../../shared/src/engine/secrets/secret-envelope.ts';
import { mayUseTool, toolAccess } from '../../../shared/src/contract/tool-access.ts';
import { refuse, succeed, type Answer, type Caller } from '../_shared/answer.ts';
import type { Database } from '../_shared/database.ts';
import { maySee, refuseRole, requireServer } from '../_shared/roles.ts';
import { failureFor, storedTarget } from '../_shared/stored-server.ts';

export interface CallToolDeps {
  database: Pick<
    Database,
    'callerId' | 'serviceRpc' | 'findServer' | 'countCall' | 'loadServer' | 'recordCall' | 'reportStatus'
  >;
  caller: Caller;
  openConnection: (
    target: ServerTarget,
    options: ConnectionOptions,
  ) => Pick<Connection, 'call' | 'close' | 'facts'>;
  policy: AddressPolicy;
  readKeys: () => SecretKeys;
  onFault: (error: unknown) => void;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** A hosted function has 150 s to respond. */
const LONGEST_MS = 140_000;

/**
 * Calls a tool of a stored server by hand, as a conversation would: with the stored credential, the server's
 * timeout and the check of the arguments. A viewer calls only tools with read access; a disabled tool is
 * refused.
 * The answer of a finished call is 200, whether it went well (`ok: true`) or not. A caller who disconnects
 * cancels the call. Each call is recorded in `tool_calls`, without a session.
 */
export async function handle(body: CallToolBody, deps: CallToolDeps): Promise<Answer> {
  const { database } = deps;
  const found = await requireServer(body.server_id, maySee, database);
  if (!found.ok) return found.answer;
  await database.countCall('function_calls', found.access.workspaceId);
  const server = await database.loadServer(body.server_id);
  if (!server) return refuse(404, 'server_not_found', 'There is no such server.');
  if (!mayCall(found.access.role, body.tool, server))
    return refuseRole(describeError('role_too_low').message);

  const startedAt = deps.now();
  let queueMs: number | null = null;
  const { ending, facts } = await endingOf(body, server, deps, (ms) => (queueMs = Math.round(ms)));
  const times = { queue_ms: queueMs, duration_ms: Math.round(deps.now() - startedAt) };
  await database
    .recordCall({
      workspace_id: server.workspace_id,
      server_id: server.id,
      tool_name: body.tool,
      arguments: redact(body.arguments),
      outcome: ending.outcome,
      error_code: ending.ok ? null : ending.code,
      started_at: new Date(startedAt).toISOString(),
      ...times,
      result_bytes: ending.ok ? sizeOf([ending.content, ending.structured_content]) : null,
    })
    .catch(deps.onFault);
  await reportStatus(server, ending, facts, deps).catch(deps.onFault);
  return succeed({ ...ending, ...times });
}

/** A tool that is not in the catalog needs a member: nobody knows what it does. */
function mayCall(role: Role, name: string, server: ProbeServer): boolean {
  const tool = server.tools.find((one) => one.name === name);
  return mayUseTool(role, tool ? toolAccess(tool, server) : 'write');
}

/** No probe would notice a lost sign-in sooner. */
async function reportStatus(
  server: ProbeServer,
  ending: Ending,
  facts: ConnectionFacts | null,
  { database, now }: CallToolDeps,
): Promise<void> {
  if (!countsForStatus(server, database.callerId)) return;
  const at = new Date(now());
  if (facts) await database.reportStatus(callObservation(server, facts, at));
  if (ending.ok || ending.code !== 'sign_in_required') return;
  const observation = probeObservation(server, failureFor('sign_in_required'), 'function', at);
  if (observation) await database.reportStatus(observation);
}

type Ending = CallToolAnswer extends infer One
  ? One extends One
    ? Omit<One, 'queue_ms' | 'duration_ms'>
    : never
  : never;

async function endingOf(
  { tool, arguments: given }: CallToolBody,
  server: ProbeServer,
  deps: CallToolDeps,
  onDequeued: (ms: number) => void,
): Promise<{ ending: Ending; facts: ConnectionFacts | null }> {
  try {
    const args = prepare(tool, given, server);
    const target = await storedTarget(server, deps);
    if (!target) throw new AppError('credential_missing');
    const { result, facts } = await callOnce(target, tool, args, deps, onDequeued);
    const ending: Ending = {
      ok: true,
      outcome: result.isError ? 'tool_error' : 'ok',
      text: result.text,
      truncated: result.truncated,
      content: result.raw.content ?? [],
      structured_content: result.structured ?? null,
    };
    return { ending, facts };
  } catch (failure) {
    const { code, message } = classify(failure);
    const outcome = outcomeOf(code) as Extract<Ending, { ok: false }>['outcome'];
    return { ending: { ok: false, outcome, code, message, hint: describeError(code).hint }, facts: null };
  }
}

/** @throws AppError if the stored catalog already shows that the call can't succeed */
function prepare(name: string, given: Record<string, unknown>, server: ProbeServer): Record<string, unknown> {
  const tool = server.tools.find((one) => one.name === name);
  if (!tool) throw new AppError('tool_not_found');
  if (!tool.is_enabled) throw new AppError('tool_disabled');
  const { args, fault } = argumentReader(tool.input_schema)(given);
  if (fault !== null) throw new AppError('invalid_arguments', { message: fault });
  return args;
}

async function callOnce(
  target: ServerTarget,
  tool: string,
  args: Record<string, unknown>,
  { caller, openConnection, policy }: CallToolDeps,
  onDequeued: (ms: number) => void,
) {
  const late = AbortSignal.timeout(LONGEST_MS);
  const signal = AbortSignal.any([caller.signal, late]);
  const connection = openConnection(target, { policy });
  try {
    caller.tell({ type: 'calling' });
    const result = await connection.call(tool, args, {
      signal,
      onProgress: ({ message, ...progress }) =>
        caller.tell({
          type: 'progress',
          ...progress,
          ...(message !== undefined && { message: message.slice(0, LONGEST_PROGRESS_MESSAGE) }),
        }),
      onDequeued,
    });
    return { result, facts: connection.facts };
  } catch (failure) {
    throw late.aborted ? new AppError('timeout') : failure;
  } finally {
    await connection.close();
  }
}

function sizeOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
