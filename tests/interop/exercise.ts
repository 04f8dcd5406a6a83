import { AppError } from '@patchbay/shared/contract/errors';
import type { CallOptions, Connection } from '@patchbay/shared/engine/session/connection';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import { modelLimits } from '@patchbay/shared/contract/model-limits';
import { DEFAULT_REALTIME_MODEL } from '@patchbay/shared/contract/voice-models';
import { ProbeServer } from '@patchbay/shared/contract/schema/snapshot';
import { ToolFit } from '../../livekit/src/tools/tool-fit.ts';
import { ToolCapacity } from '../../livekit/src/tools/tool-capacity.ts';
import { toDefinition } from '../../livekit/src/testing/definition.ts';
import { buildToolSet } from '../../livekit/src/tools/tool-set.ts';
import type { Person } from '../support/person.ts';
import { addServer, invoke, serviceClient } from '../support/rest-api.ts';
import { ToolList } from '../../local/model/protocol/validate.ts';
import { launch, type Launched } from './launch.ts';
import type { CheckedCall, RegistryServer } from './registry-server.ts';

const CALL_MS = 60_000;
/** Milliseconds from the kill until a server that takes a minute to start responds again. */
const RECOVERY_MS = 60_000;

export const STEPS = ['listed', 'stored', 'offered', 'called', 'recovered'] as const;
type StepName = (typeof STEPS)[number];

export interface Outcome {
  /** Null before negotiation. */
  protocol: string | null;
  found: Partial<Record<StepName, string>>;
  fault?: { step: StepName | 'started'; why: string };
}

class Unexpected extends Error {}

/**
 * Starts a server and tests, stores, offers, calls and restarts it, against the running stack.
 * @param program the path of the installed program
 * @param person owner of the server while this runs
 */
export async function exercise(server: RegistryServer, program: string, person: Person): Promise<Outcome> {
  const found: Outcome['found'] = {};
  let protocol: string | null = null;
  let step: StepName | 'started' = 'started';
  let launched: Launched | undefined;
  let connection: Connection | undefined;
  let serverId: string | undefined;
  try {
    launched = await launch(server, program);
    const { url } = launched;
    const calls = server.calls(launched.place);
    const last = calls.at(-1);
    if (!last) throw new Unexpected('it has no call to check');

    step = 'listed';
    const { names, version } = await list(url, server, person);
    protocol = version;
    found.listed = String(names.length);

    step = 'stored';
    serverId = await addServer(person, { name: server.name, url });
    found.stored = String(await store(serverId, names, person));

    step = 'offered';
    found.offered = await offer(serverId, person);

    step = 'called';
    connection = openConnection(
      {
        serverId,
        configVersion: 1,
        url,
        transport: 'auto',
        credential: { method: 'none' },
        callTimeoutMs: CALL_MS,
        maxConcurrency: 4,
      },
      { policy: 'local' },
    );
    for (const call of calls) check(call, await callByConnection(connection, call));
    await callByFunction(serverId, last, person);
    found.called = [...new Set(calls.map(nameOf))].join(', ');

    step = 'recovered';
    await launched.killAndStart();
    const options = { repeatable: true, timeoutMs: RECOVERY_MS };
    check(last, await callByConnection(connection, last, options));
    found.recovered = 'yes';
    return { protocol, found };
  } catch (error) {
    return { protocol, found, fault: { step, why: error instanceof Error ? error.message : String(error) } };
  } finally {
    await connection?.close();
    if (serverId !== undefined) await person.client.from('mcp_servers').delete().eq('id', serverId);
    await launched?.end();
  }
}

function nameOf({ tool, isError }: CheckedCall): string {
  return `\`${tool}\`${isError ? ' (error)' : ''}`;
}

async function list(
  url: string,
  server: RegistryServer,
  person: Person,
): Promise<{ names: string[]; version: string }> {
  const { body } = await invoke(person, 'test-connection', { url });
  if (body['ok'] !== true) throw new Unexpected(failureOf(body));
  const { tools, skipped } = body as {
    tools: { name: string }[];
    skipped: { name: string; reason: string }[];
  };
  if (skipped.length > 0)
    throw new Unexpected(`skipped ${skipped.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`);
  if (tools.length < server.tools) throw new Unexpected(`${tools.length} tools, not ${server.tools}`);
  return { names: tools.map(({ name }) => name).toSorted(), version: String(body['protocol_version']) };
}

async function store(serverId: string, names: readonly string[], person: Person): Promise<number> {
  const { status, body } = await invoke(person, 'discover-tools', { server_id: serverId });
  if (status !== 200) throw new Unexpected(failureOf(body));
  const { data } = await person.client
    .from('mcp_tools')
    .select('name')
    .eq('server_id', serverId)
    .overrideTypes<{ name: string }[]>()
    .throwOnError();
  const stored = data.map(({ name }) => name).toSorted();
  if (stored.join() !== names.join()) throw new Unexpected(`stored ${stored.join()}, listed ${names.join()}`);
  return stored.length;
}

/** With a model that validates tools as OpenAI's API does. */
async function offer(serverId: string, person: Person): Promise<string> {
  const stored = await serviceClient()
    .rpc('server_for_probe', { p_server_id: serverId, p_user_id: person.id })
    .throwOnError();
  const { budget } = new ToolCapacity(modelLimits(DEFAULT_REALTIME_MODEL));
  const wish = buildToolSet([{ server: ProbeServer.parse(stored.data), live: null }]);
  const { tools } = new ToolFit().fit(wish, { budget });
  const accepted = ToolList.safeParse(tools.map(toDefinition));
  if (!accepted.success)
    throw new Unexpected(accepted.error.issues[0]?.message ?? 'the model rejects the tools');
  if (tools.length === 0) throw new Unexpected('no tool fits');
  return tools.length === wish.tools.length ? String(tools.length) : `${tools.length} fit`;
}

interface Answer {
  isError: boolean;
  text: string;
}

async function callByConnection(
  connection: Connection,
  { tool, arguments: args, isError }: CheckedCall,
  options: CallOptions = {},
): Promise<Answer> {
  try {
    const { isError: hasFailed, text, structured } = await connection.call(tool, args, options);
    return { isError: hasFailed, text: withStructured(text, structured) };
  } catch (error) {
    if (isError && error instanceof AppError) return { isError: true, text: error.message };
    throw error;
  }
}

/** Some servers put the result only into structured content, with a placeholder text. */
function withStructured(text: string, structured: unknown): string {
  return structured == null || text.includes(JSON.stringify(structured))
    ? text
    : `${text}\n${JSON.stringify(structured)}`;
}

async function callByFunction(serverId: string, call: CheckedCall, person: Person): Promise<void> {
  const { body } = await invoke(person, 'call-tool', {
    server_id: serverId,
    tool: call.tool,
    arguments: call.arguments,
  });
  if (body['ok'] !== true && !call.isError) throw new Unexpected(failureOf(body));
  const text = withStructured(String(body['text'] ?? body['message']), body['structured_content']);
  check(call, { isError: body['outcome'] !== 'ok', text });
}

function check(call: CheckedCall, { isError, text }: Answer): void {
  const shown = text.slice(0, 300);
  if (isError !== (call.isError === true))
    throw new Unexpected(`${call.tool} ${isError ? 'failed' : 'should have failed'}: ${shown}`);
  if (!call.answer.test(text)) throw new Unexpected(`${call.tool} answered ${shown}`);
}

function failureOf(body: Record<string, unknown>): string {
  return [body['phase'], body['code'], body['message']].filter(Boolean).join(' · ');
}
