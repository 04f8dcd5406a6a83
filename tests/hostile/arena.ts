import {
  startScriptedServer,
  type ScriptedRequest,
  type ScriptedServer,
} from '../../shared/test/support/scripted-server.ts';
import { addDemoServer, addServer, newPerson, type Person } from '../support/person.ts';
import { RoomClient } from '../support/room-client.ts';
import { runningStack } from '../support/running-stack.ts';
import type { Stack } from '../../local/stack/stack-file.ts';
import { holds, type Finding } from './finding.ts';
import { openDoor } from './door.ts';
import type { Monitor } from './monitor.ts';
import type { Victim } from './victim.ts';

let addresses = 0;

export class Arena {
  readonly stack: Stack = runningStack();
  readonly victim: Victim;
  readonly monitor: Monitor;
  readonly #endings: (() => Promise<unknown>)[] = [];

  constructor(victim: Victim, monitor: Monitor) {
    this.victim = victim;
    this.monitor = monitor;
  }

  /** Ends something after the attack, the latest first. */
  defer(end: () => Promise<unknown>): void {
    this.#endings.push(end);
  }

  /** Signs up a user with a personal workspace; their servers are deleted after the attack. */
  async tenant(name: string): Promise<Person> {
    const person = await newPerson(name);
    // PostgREST deletes nothing without a filter; RLS limits this to the user's own servers.
    this.defer(async () => person.client.from('mcp_servers').delete().not('id', 'is', null));
    return person;
  }

  /**
   * Each server has its own address, so that attacks don't use up each other's limit per host.
   * @param script returns false to respond as a healthy server
   * @param isOnVictimsHost on 127.0.0.1 instead, as the server of the other tenant
   */
  async server(
    script: (request: ScriptedRequest) => boolean,
    { isOnVictimsHost = false } = {},
  ): Promise<ScriptedServer> {
    const server = await startScriptedServer(script);
    this.defer(() => server.stop());
    if (isOnVictimsHost) return server;
    addresses += 1;
    const door = await openDoor(`127.0.10.${addresses}`, server.port);
    this.defer(() => door.close());
    return { ...server, url: door.url };
  }

  /** Adds a server by REST; the monitor probes it within seconds. Returns its id. */
  addServer(person: Person, name: string, url: string): Promise<string> {
    return addServer(person, name, url);
  }

  /** Starts a conversation, which ends with the attack. */
  async conversation(person: Person): Promise<RoomClient> {
    const client = await RoomClient.join(person);
    this.defer(() => client.leave());
    return client;
  }

  /** Starts a conversation, and finds whether its agent still uses the tools of a healthy server. */
  async talk(person: Person): Promise<Finding> {
    await addDemoServer(person, 'clock');
    const client = await this.conversation(person);
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__current_time'));
    const askedAtMs = Date.now();
    await client.type('What time is it in Tokyo?');
    const isAnswered = client.agentSays(/in tokyo/i, askedAtMs).then(
      () => true,
      () => false,
    );
    return holds('the conversation goes on with the tools of another server', await isAnswered);
  }

  /** Ends everything that the attack began. Never rejects. */
  async end(): Promise<void> {
    for (const end of this.#endings.splice(0).toReversed()) await end().catch(() => {});
  }
}
