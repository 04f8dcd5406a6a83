import { addDemoServer } from '../../support/person.ts';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';

const SERVERS = 100;
const SECONDS = 12;
/** Half of `host_requests_per_minute`, in each of the two minutes that the attack may span. */
const MOST_REQUESTS = 2 * 300;
/** For each conversation: the first connections to a host, with the requests allowed to a failing server. */
const FIRST_REQUESTS = 10 * 5;

export const attack: Attack = {
  name: `conversations with ${SERVERS} servers of one host`,
  needsVoice: true,
  async run(arena) {
    let requests = 0;
    const server = await arena.server(({ send }) => {
      requests += 1;
      send(503, 'busy');
      return true;
    });
    const person = await arena.tenant('connecting');
    await addDemoServer(person, 'clock');
    const rows = Array.from({ length: SERVERS }, (_, n) => ({ name: `Connect ${n}`, url: server.url }));
    await person.client.from('mcp_servers').insert(rows).throwOnError();
    const clients = await Promise.all([arena.conversation(person), arena.conversation(person)]);
    const until = Date.now() + SECONDS * 1_000;
    const [client] = clients;
    await client.waitForActivity('tools', ({ names }) => names.includes('clock__current_time'));
    const askedAtMs = Date.now();
    await client.type('What time is it in Tokyo?');
    const isAnswered = await client.agentSays(/in tokyo/i, askedAtMs).then(
      () => true,
      () => false,
    );
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - Date.now())));
    const activities = clients.flatMap(({ activity }) => activity);
    const busy = activities.filter(
      (one) => one.type === 'server' && JSON.stringify(one).includes('host_busy'),
    );
    const limit = MOST_REQUESTS + clients.length * FIRST_REQUESTS;
    return [
      atMost(`requests to the host within ${SECONDS} s`, requests, limit, 'requests'),
      atMost('servers that look down for want of requests', busy.length, 0, 'servers'),
      holds('the conversation goes on with the tools of another server', isAnswered),
    ];
  },
};
