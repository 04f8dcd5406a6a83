import postgres from 'postgres';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';
import { openDoor } from '../door.ts';

const SERVERS = 60;
/** Enough addresses to stay below the limit of requests per host. */
const HOSTS = 6;
const MOST_WAIT_MS = 20_000;

export const attack: Attack = {
  name: `${SERVERS} servers of one tenant that vanish at once`,
  async run(arena) {
    const server = await arena.server(() => false);
    const doors = await Promise.all(
      Array.from({ length: HOSTS }, (_, n) => openDoor(`127.0.9.${n + 1}`, server.port)),
    );
    arena.defer(() => Promise.all(doors.map(({ close }) => close())));
    const person = await arena.tenant('vanishing');
    const rows = Array.from({ length: SERVERS }, (_, n) => ({
      name: `Vanishing ${n}`,
      url: doors[n % HOSTS]?.url ?? '',
    }));
    const { data } = await person.client.from('mcp_servers').insert(rows).select('id').throwOnError();
    const ids = data.map(({ id }) => String(id));
    const count = async (status: string): Promise<number> => {
      const found = await person.client
        .from('mcp_servers')
        .select('id', { count: 'exact', head: true })
        .eq('connection_status', status);
      return found.count ?? 0;
    };
    const reach = async (status: string): Promise<number> => {
      for (const until = Date.now() + MOST_WAIT_MS; ;) {
        const reached = await count(status);
        if (reached === SERVERS || Date.now() > until) return reached;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    };
    const connected = await reach('connected');
    await Promise.all(doors.map(({ close }) => close()));

    const sql = postgres(arena.stack.database_url ?? '', { max: 1, onnotice: () => undefined });
    arena.defer(() => sql.end());
    await sql`
      update mcp_server_health set due_at = clock_timestamp(), confirmed_until = null
      where server_id = any (${ids}::uuid[])`;
    const isServed = await arena.victim.isServed();
    const failed = await reach('error');
    const [away] = await sql<{ monitors: number }[]>`
      select count(*)::int as monitors from private.monitors where network_away_since is not null`;
    return [
      holds('all of them were well', connected === SERVERS, `${connected} servers`),
      isServed,
      holds('all of them are shown as down', failed === SERVERS, `${failed} servers`),
      atMost('monitors that take it for an outage of the network', away?.monitors ?? -1, 0, 'monitors'),
    ];
  },
};
