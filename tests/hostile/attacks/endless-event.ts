import type { Attack } from '../attack.ts';
import { atMost } from '../finding.ts';
import { flood } from '../flood.ts';

/** Three times the limit of one event: the rest is in buffers on the way. */
const MOST_MB = 24;
const LINE = Buffer.from(`data: ${'x'.repeat(65_536)}\n`);

export const attack: Attack = {
  name: 'an event without an end, in place of the list of tools',
  needsVoice: true,
  async run(arena) {
    const floods: Promise<number>[] = [];
    const server = await arena.server(({ what, response }) => {
      if (what !== 'tools/list') return false;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      floods.push(flood(response, LINE));
      return true;
    });
    const person = await arena.tenant('attacker');
    const serverId = await arena.addServer(person, 'endless', server.url);
    const stillTalks = await arena.talk(person);
    await arena.monitor.probe(serverId);
    const most = Math.max(...(await Promise.all(floods)));
    return [stillTalks, atMost('bytes read of one list', most, MOST_MB, 'MB')];
  },
};
