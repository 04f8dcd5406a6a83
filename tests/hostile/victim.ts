import { startSessionServer, type SessionServer } from '../../shared/test/support/session-server.ts';
import { addServer, newPerson, type Person } from '../support/person.ts';
import { invoke } from '../support/rest-api.ts';
import { runningStack } from '../support/running-stack.ts';
import type { Finding } from './finding.ts';
import type { Monitor } from './monitor.ts';

/** Milliseconds for a busy machine; an attack that delays others does so for minutes. */
const PATIENCE_MS = 20_000;

export class Victim {
  readonly person: Person;
  readonly #server: SessionServer;
  readonly #serverId: string;
  readonly #monitor: Monitor;

  private constructor(person: Person, server: SessionServer, serverId: string, monitor: Monitor) {
    this.person = person;
    this.#server = server;
    this.#serverId = serverId;
    this.#monitor = monitor;
  }

  static async open(monitor: Monitor): Promise<Victim> {
    const [person, server] = await Promise.all([newPerson('victim'), startSessionServer()]);
    return new Victim(person, server, await addServer(person, 'healthy', server.url), monitor);
  }

  /** Whether the monitor probes their server, a function tests it, and a page opens, all in time. */
  async isServed(): Promise<Finding> {
    const timed = [
      await time('page', opensPage),
      // The connection test delays the next probe.
      await time('probe', async () => (await this.#monitor.probe(this.#serverId, PATIENCE_MS)).ok),
      await time('test', () => this.#isTested()),
    ];
    return {
      bound: `another tenant: page, probe and test, each within ${PATIENCE_MS / 1_000} s`,
      measured: timed.map(({ shown }) => shown).join(', '),
      isOk: timed.every(({ isServed }) => isServed),
    };
  }

  async close(): Promise<void> {
    await this.person.client.from('mcp_servers').delete().eq('id', this.#serverId);
    await this.#server.stop();
  }

  async #isTested(): Promise<boolean> {
    const testing = invoke(this.person, 'test-connection', { server_id: this.#serverId });
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    const late = new Promise<null>((resolve) => timeout.addEventListener('abort', () => resolve(null)));
    return (await Promise.race([testing, late]))?.body['ok'] === true;
  }
}

async function time(
  service: string,
  serve: () => Promise<boolean>,
): Promise<{ shown: string; isServed: boolean }> {
  const startedAt = performance.now();
  const isServed = await serve().catch(() => false);
  const seconds = (performance.now() - startedAt) / 1_000;
  return { shown: `${service} ${isServed ? `${seconds.toFixed(1)} s` : 'failed'}`, isServed };
}

async function opensPage(): Promise<boolean> {
  const { web_url } = runningStack();
  const page = await fetch(`${web_url}/sign-in`, { signal: AbortSignal.timeout(PATIENCE_MS) });
  await page.text();
  return page.ok;
}
