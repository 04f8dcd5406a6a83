import { REFUSED, runningParts, statusOf } from '../../support/servers/foreign-page.ts';
import { portsFrom } from '../../../local/stack/ports.ts';
import type { Attack } from '../attack.ts';
import { atMost } from '../finding.ts';

const ROUNDS = 5;

export const attack: Attack = {
  name: 'a web page that rebinds its name to the machine of a developer',
  async run(arena) {
    const ports = portsFrom(Number(new URL(arena.stack.web_url).port));
    const statuses: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [part, path] of runningParts(arena.stack))
        for (const [, lines] of REFUSED) statuses.push(await statusOf(ports[part], path, lines));
    const taken = statuses.filter((status) => status !== 403).length;
    return [atMost(`requests taken of ${statuses.length} from other sites or names`, taken, 0, 'requests')];
  },
};
