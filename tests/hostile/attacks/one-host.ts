import { invoke } from '../../support/rest-api.ts';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';

const SERVERS = 100;
const TESTS = 100;
const SECONDS = 20;
/** Half of `host_requests_per_minute`, in each of the two minutes that the attack may span. */
const MOST_REQUESTS = 2 * 300;

export const attack: Attack = {
  name: `${SERVERS} servers and ${TESTS} tests with one host`,
  async run(arena) {
    let requests = 0;
    const countRequest = () => {
      requests += 1;
      return false;
    };
    const server = await arena.server(countRequest, { isOnVictimsHost: true });
    const person = await arena.tenant('flooding');
    const rows = Array.from({ length: SERVERS }, (_, n) => ({ name: `Flood ${n}`, url: server.url }));
    await person.client.from('mcp_servers').insert(rows).throwOnError();
    const until = Date.now() + SECONDS * 1_000;
    const answers = await Promise.all(
      Array.from({ length: TESTS }, () => invoke(person, 'test-connection', { url: server.url })),
    );
    const isServed = await arena.victim.isServed();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - Date.now())));
    const refused = answers.filter(({ body }) => body['code'] === 'host_busy');
    return [
      atMost(`requests to the host within ${SECONDS} s`, requests, MOST_REQUESTS, 'requests'),
      holds(
        'the refused tests say when to try again',
        refused.every(({ body }) => Number(body['retry_after_s']) > 0),
      ),
      isServed,
    ];
  },
};
