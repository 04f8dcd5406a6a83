import type { Attack } from '../attack.ts';
import { holds } from '../finding.ts';

const SERVERS = 60;
const MOST_WAIT_MS = 30_000;

export const attack: Attack = {
  name: `${SERVERS} servers of one tenant that never answer`,
  async run(arena) {
    let held = 0;
    const server = await arena.server(() => {
      held += 1;
      return true;
    });
    const person = await arena.tenant('hanging');
    const rows = Array.from({ length: SERVERS }, (_, n) => ({ name: `Hanging ${n}`, url: server.url }));
    await person.client.from('mcp_servers').insert(rows).throwOnError();
    // The monitor's slots for one owner.
    for (const until = Date.now() + MOST_WAIT_MS; held < 5 && Date.now() < until;)
      await new Promise((resolve) => setTimeout(resolve, 200));
    return [holds('the monitor is busy with them', held >= 5), await arena.victim.isServed()];
  },
};
