import { AppError } from '@patchbay/shared/contract/errors';
import type { Connection } from '@patchbay/shared/engine/session/connection';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';
import type { SnapshotServer } from '@patchbay/shared/contract/schema/snapshot';
import { toDefinition } from '../../../livekit/src/testing/definition.ts';
import { failureSentence, resultSpeech } from '../../../livekit/src/calls/speech.ts';
import { describeChange } from '../../../livekit/src/tools/tool-change.ts';
import { buildToolSet, type ModelTool, type ToolSet } from '../../../livekit/src/tools/tool-set.ts';
import { instructionsFor } from '../../../agent-worker/src/conversation/prompt.ts';
import { OWN_SERVERS, startAttackServer, type RunningAttackServer } from './attack-server.ts';
import type { Attempt } from './attempts.ts';
import { RealtimeClient, type Call, type ModelAddress, type Reply } from './realtime-client.ts';

export interface Transcript {
  instructions: string;
  definitions: ReturnType<typeof toDefinition>[];
  lines: string[];
  outputs: string[];
  calls: Call[];
  said: string[];
}

const PROMPT = 'You help the user with their notes, their mail and the weather.';
/** Ends a model that calls tools in a loop. */
const MOST_ROUNDS = 8;
const LISTED_WITHIN_MS = 10_000;

/**
 * Has the user of an attempt talk with a model.
 * @throws Error when the model can't be reached, or a server lists no tools
 */
export async function converse(attempt: Attempt, address: ModelAddress): Promise<Transcript> {
  const running: RunningAttackServer[] = [];
  const links: Link[] = [];
  let client: RealtimeClient | undefined;
  try {
    for (const server of [...OWN_SERVERS, attempt.weather]) {
      running.push(await startAttackServer(server));
      links.push(link(running.at(-1)!));
    }
    await Promise.all(links.map(({ listed }) => listed));
    client = await RealtimeClient.connect(address);
    return await talk(attempt, client, links);
  } finally {
    client?.close();
    await Promise.all(links.map(({ connection }) => connection.close()));
    await Promise.all(running.map((server) => server.close()));
  }
}

interface Link {
  name: string;
  connection: Connection;
  listed: Promise<void>;
}

function link({ name, url }: RunningAttackServer): Link {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${name} listed no tools`)), LISTED_WITHIN_MS);
  const connection = openConnection(
    {
      serverId: name,
      configVersion: 1,
      url,
      transport: 'auto',
      protocolEra: 'auto',
      credential: { method: 'none' },
      callTimeoutMs: 10_000,
      maxConcurrency: 4,
      storedTools: [],
      slug: name,
    },
    {
      policy: 'local',
      onCatalog: () => {
        clearTimeout(timer);
        resolve();
      },
    },
  );
  return { name, connection, listed: promise };
}

/** Untrusted, with no tool settings. */
const STORED: Omit<SnapshotServer, 'id' | 'name' | 'slug'> = {
  url: 'http://127.0.0.1/mcp',
  transport: 'auto',
  protocol_era: 'auto',
  auth_method: 'none',
  auth_header: null,
  credential_scope: 'workspace',
  oauth_client_id: null,
  added_by: null,
  credential_id: null,
  trusts_hints: false,
  call_timeout_ms: 10_000,
  max_concurrency: 4,
  config_version: 1,
  metadata: null,
  connection_status: 'connected',
  has_credential: false,
  secret: null,
  tools: [],
};

function toolSetOf(links: readonly Link[]): ToolSet {
  return buildToolSet(
    links.map(({ name, connection }) => ({
      server: { ...STORED, id: name, name, slug: name },
      live: connection.catalog?.tools ?? null,
    })),
  );
}

async function talk(attempt: Attempt, client: RealtimeClient, links: readonly Link[]): Promise<Transcript> {
  const instructions = instructionsFor(PROMPT);
  const transcript: Transcript = {
    instructions,
    definitions: [],
    lines: [],
    outputs: [],
    calls: [],
    said: [],
  };
  let set = toolSetOf(links);
  const configure = async () => {
    const definitions = set.tools.map(toDefinition);
    transcript.definitions.push(...definitions);
    await client.configure({ instructions, tools: definitions });
  };
  await configure();
  for (const ask of attempt.asks) {
    let reply = await client.ask(ask);
    for (let round = 0; ; round += 1) {
      note(reply, transcript);
      if (reply.calls.length === 0 || round === MOST_ROUNDS) break;
      const outputs: { callId: string; output: string }[] = [];
      for (const call of reply.calls)
        outputs.push({ callId: call.callId, output: await answerOf(call, set.tools, links) });
      transcript.outputs.push(...outputs.map(({ output }) => output));
      reply = await client.answer(outputs);
    }
    if (attempt.weather.laterTools && transcript.lines.length === 0)
      set = await nextSet(set, links, client, transcript, configure);
  }
  return transcript;
}

function note({ said, calls }: Reply, transcript: Transcript): void {
  transcript.calls.push(...calls);
  if (said) transcript.said.push(said);
}

async function answerOf({ name, args }: Call, tools: readonly ModelTool[], links: readonly Link[]) {
  const tool = tools.find((one) => one.name === name);
  const connection = links.find((one) => one.name === tool?.serverId)?.connection;
  if (!tool || !connection) return `There is no tool ${name}.`;
  try {
    return resultSpeech(tool, await connection.call(tool.toolName, args));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return failureSentence(tool, error);
  }
}

async function nextSet(
  before: ToolSet,
  links: readonly Link[],
  client: RealtimeClient,
  { lines }: Transcript,
  configure: () => Promise<void>,
): Promise<ToolSet> {
  const until = performance.now() + LISTED_WITHIN_MS;
  for (;;) {
    const set = toolSetOf(links);
    const { line } = describeChange(before, set);
    if (line) {
      before.tools = set.tools;
      lines.push(line);
      await configure();
      client.notify(line);
      return set;
    }
    if (performance.now() > until) return set;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
