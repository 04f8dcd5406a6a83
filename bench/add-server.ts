/** Other load on the machine affects all alike, because each round measures everything. */
import { setTimeout as sleep } from 'node:timers/promises';
import { dispose } from '@livekit/rtc-node';
import { modelToolName } from '@patchbay/shared/contract/naming';
import { z } from 'zod';
import { modelSessions } from '../tests/support/model-view.ts';
import { newPerson, deleteServer, type Person } from '../tests/support/person.ts';
import { RoomClient, type ActivityOf } from '../tests/support/room-client.ts';
import type { Stack } from '../local/stack/stack-file.ts';
import type { BenchContext } from './bench.ts';
import { listWithClient, listWithSdk, type RawListing } from './engine/raw-clients.ts';
import { conclude, currentLoad, toTable, writeResult, type Measure } from './report.ts';
import { median } from './statistics.ts';

const WARM_UP_ROUNDS = 3;
const ROUNDS = 40;
const POLL_MS = 2;
const PATIENCE_MS = 30_000;
/** Time for the reports and hints of the step before to arrive. */
const REST_MS = 250;

const Row = z.object({ id: z.string(), slug: z.string() });
type Row = z.infer<typeof Row>;

interface Waited {
  requestMs: number;
  waitedMs: number;
}

interface Round {
  add: number;
  addRequest: number;
  known: number;
  knownRequest: number;
  client: number;
  sdk: number;
}

const ABOUT: Record<keyof Round, [name: string, about: string]> = {
  client: ['raw client', '@modelcontextprotocol/client, mode auto: connect and list'],
  sdk: ['raw sdk', '@modelcontextprotocol/sdk: connect and list'],
  add: ['add', 'from the REST answer to the insert of a new server until the model holds its tools'],
  addRequest: ['add, request', 'the REST request of the insert itself, before that'],
  known: ['known', 'from the REST answer that makes a known server active until the model holds its tools'],
  knownRequest: ['known, request', 'the REST request of that, before that'],
};

/**
 * Measures on a stack that runs. It releases LiveKit's threads at its end, so that no conversation can follow.
 * @throws Error where there is no conversation, or tools do not come
 */
export async function measureAddServer(stack: Stack, { say, signal }: BenchContext): Promise<void> {
  if (stack.voice_unavailable !== undefined) throw new Error(`no conversation: ${stack.voice_unavailable}`);
  const url = stack.demo_servers.find(({ name }) => name === 'clock')?.url;
  if (url === undefined) throw new Error('the stack has no clock');
  const person = await newPerson('bench');
  const client = await RoomClient.join(person);
  try {
    await client.hearsVoice(0, PATIENCE_MS);
    await client.hearsSilence();
    const bench = new AddServer(person, client, url, signal);
    for (let round = 0; round < WARM_UP_ROUNDS; round += 1) await bench.round(round);
    say(`measuring ${ROUNDS} rounds after ${WARM_UP_ROUNDS} to warm up`);
    const startedAt = new Date();
    const loadBefore = currentLoad();
    const rounds: Round[] = [];
    while (rounds.length < ROUNDS) {
      rounds.push(await bench.round(WARM_UP_ROUNDS + rounds.length));
      if (rounds.length % 10 === 0) say(`round ${rounds.length} of ${ROUNDS}`);
    }
    const measures = (Object.keys(ABOUT) as (keyof Round)[]).map((key): Measure => {
      const [name, about] = ABOUT[key];
      return { name, about, samplesMs: rounds.map((round) => round[key]) };
    });
    const notes = [
      `"the model holds" = GET /sessions of the rehearsal model lists every tool, polled every ${bench.pollMs().toFixed(1)} ms (median), and the room was notified by the agent (tools, acknowledged)`,
      `the server is the stack's clock (${bench.toolCount} tools, older era); each round inserts a new row and deletes it; the conversation has no other server`,
    ];
    const name = 'add-server';
    const reference = ABOUT.client[0];
    const result = conclude({ name, startedAt, loadBefore, notes, reference, measures }, new Date());
    say(toTable(result));
    say(`written to ${writeResult(result)}`);
  } finally {
    await client.leave();
    // LiveKit's native threads keep the process alive.
    await dispose();
  }
}

class AddServer {
  toolCount = 0;
  readonly #person: Person;
  readonly #client: RoomClient;
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #pollsMs: number[] = [];

  constructor(person: Person, client: RoomClient, url: string, signal: AbortSignal) {
    this.#person = person;
    this.#client = client;
    this.#url = url;
    this.#signal = signal;
  }

  /** Median time between two polls of the model. */
  pollMs(): number {
    return median(this.#pollsMs);
  }

  /** The SDKs go first in one round and last in the next. */
  async round(index: number): Promise<Round> {
    const url = this.#url;
    const before = index % 2 === 0 ? await this.#raw(url) : null;
    const tools = before?.tools ?? (await listWithClient(url)).tools;
    this.toolCount = tools.length;
    const { row, waited: added } = await this.#add(`bench ${index}`, tools);
    await this.#isStored(row, tools.length);
    await this.#setActive(row, tools, false);
    const known = await this.#setActive(row, tools, true);
    await sleep(REST_MS, undefined, { signal: this.#signal });
    await deleteServer(this.#person, row.id);
    await this.#modelHolds(row, []);
    await sleep(REST_MS, undefined, { signal: this.#signal });
    const { client, sdk } = before ?? (await this.#raw(url));
    return {
      client,
      sdk,
      add: added.waitedMs,
      addRequest: added.requestMs,
      known: known.waitedMs,
      knownRequest: known.requestMs,
    };
  }

  async #raw(url: string): Promise<{ client: number; sdk: number; tools: string[] }> {
    const measured = async (list: (url: string) => Promise<RawListing>): Promise<RawListing> => {
      const listing = await list(url);
      await sleep(REST_MS / 5, undefined, { signal: this.#signal });
      return listing;
    };
    const client = await measured(listWithClient);
    const sdk = await measured(listWithSdk);
    return { client: client.durationMs, sdk: sdk.durationMs, tools: client.tools };
  }

  async #add(name: string, tools: string[]): Promise<{ row: Row; waited: Waited }> {
    const { client } = this.#person;
    let row: Row | undefined;
    const waited = await this.#wait(tools, async () => {
      const answer = await client
        .from('mcp_servers')
        .insert({ name, url: this.#url })
        .select('id,slug')
        .single();
      if (answer.error) throw new Error(`adding a server failed: ${answer.error.message}`);
      return (row = Row.parse(answer.data));
    });
    if (!row) throw new Error('there is no row');
    return { row, waited };
  }

  async #setActive(row: Row, tools: string[], is_active: boolean): Promise<Waited> {
    const { client } = this.#person;
    await sleep(REST_MS, undefined, { signal: this.#signal });
    return this.#wait(is_active ? tools : [], async () => {
      const answer = await client.from('mcp_servers').update({ is_active }).eq('id', row.id);
      if (answer.error) throw new Error(`switching a server failed: ${answer.error.message}`);
      return row;
    });
  }

  async #wait(tools: string[], request: () => Promise<Row>): Promise<Waited> {
    const from = this.#client.activity.length;
    const startedAtMs = performance.now();
    const row = await request();
    const answeredAtMs = performance.now();
    const names = tools.map((tool) => modelToolName(row.slug, tool));
    await this.#modelHolds(row, names);
    const heldAtMs = performance.now();
    const isAcknowledged = (activity: ActivityOf<'tools'>): boolean =>
      activity.acknowledged && activity.names.filter((name) => isOf(row, name)).length === names.length;
    await this.#client.waitForActivity('tools', isAcknowledged, from, PATIENCE_MS);
    return { requestMs: answeredAtMs - startedAtMs, waitedMs: heldAtMs - answeredAtMs };
  }

  async #modelHolds(row: Row, names: string[]): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    const wanted = [...names].sort().join();
    for (;;) {
      const polledAtMs = performance.now();
      const sessions = await modelSessions();
      const held = sessions.flatMap(({ tools }) => tools.map(({ name }) => name));
      const own = held.filter((name) => isOf(row, name));
      if (own.sort().join() === wanted) return;
      if (performance.now() > until) throw new Error(`the model holds ${own.join()}, not ${wanted}`);
      await sleep(POLL_MS, undefined, { signal: this.#signal });
      this.#pollsMs.push(performance.now() - polledAtMs);
    }
  }

  /** Once its tools are stored, the server is a known one. */
  async #isStored({ id }: Row, count: number): Promise<void> {
    const until = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await this.#person.client
        .from('mcp_servers')
        .select('tool_count,connection_status')
        .eq('id', id)
        .single<{ tool_count: number | null; connection_status: string }>();
      if (answer.data?.tool_count === count && answer.data.connection_status === 'connected') return;
      if (performance.now() > until) throw new Error('the tools of a new server were not written down');
      await sleep(50, undefined, { signal: this.#signal });
    }
  }
}

function isOf({ slug }: Row, toolName: string): boolean {
  return toolName.startsWith(`${slug}__`);
}
