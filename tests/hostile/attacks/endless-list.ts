import type { Attack } from '../attack.ts';
import { atMost } from '../finding.ts';

/** The limit of a list, plus the page that exceeded it. */
const MOST_MB = 24;
const PAGE_MB = 7;
const DESCRIPTION = 'x'.repeat(PAGE_MB * 2 ** 20);

export const attack: Attack = {
  name: `100 pages of ${PAGE_MB} MB in place of the list of tools`,
  needsVoice: true,
  async run(arena) {
    const pages: number[] = [];
    const server = await arena.server(({ what, params, send, result }) => {
      if (what !== 'tools/list') return false;
      const list = typeof params.cursor === 'string' ? Number.parseInt(params.cursor, 10) : pages.push(0) - 1;
      const page = (pages[list] = (pages[list] ?? 0) + 1);
      const tool = { name: `tool_${page}`, description: DESCRIPTION, inputSchema: { type: 'object' } };
      send(200, result({ tools: [tool], nextCursor: `${list} ${page}` }));
      return true;
    });
    const person = await arena.tenant('attacker');
    const serverId = await arena.addServer(person, 'library', server.url);
    const stillTalks = await arena.talk(person);
    await arena.monitor.probe(serverId);
    return [stillTalks, atMost('bytes read of one list', Math.max(...pages) * PAGE_MB, MOST_MB, 'MB')];
  },
};
