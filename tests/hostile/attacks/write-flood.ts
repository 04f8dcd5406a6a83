import { personalWorkspace, serviceClient } from '../../support/rest-api.ts';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';

const ALLOWED = 100;
const WRITES = 600;
const AT_ONCE = 30;
const BOMB = 100_000;

export const attack: Attack = {
  name: 'a flood of writes, and imports of 100,000 servers',
  async run(arena) {
    const person = await arena.tenant('flooding');
    const limits = () => serviceClient().from('limits');
    const mine = { name: 'writes_per_minute_per_user', user_id: person.id };
    await limits()
      .insert({ ...mine, allowed: ALLOWED })
      .throwOnError();
    const workspaceId = await personalWorkspace(person);

    const startedAt = performance.now();
    const statuses: number[] = [];
    let started = 0;
    const writeOn = async (): Promise<void> => {
      while (started++ < WRITES) {
        const change = { name: `Written ${started}` };
        const { status } = await person.client
          .from('agent_configs')
          .update(change)
          .eq('workspace_id', workspaceId);
        statuses.push(status);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, writeOn));
    const refilled = ((performance.now() - startedAt) / 60_000) * ALLOWED;
    const passed = statuses.filter((status) => status < 300).length;
    const odd = statuses.filter((status) => status >= 300 && status !== 429).length;

    await limits().update({ allowed: 100_000 }).match(mine).throwOnError();
    const rows = Array.from({ length: 10_000 }, (_, n) => ({ name: `Row ${n}`, url: 'https://x.example' }));
    const bulk = await person.client.from('mcp_servers').insert(rows);
    const servers = Array.from({ length: BOMB }, (_, n) => ({ name: `${n}`, url: 'x' }));
    const imported = await person.client.rpc('import_workspace', {
      p_workspace_id: workspaceId,
      p_document: { format: 'patchbay.workspace', version: 1, servers, agents: [] },
    });
    const left = await person.client.from('mcp_servers').select('id', { count: 'exact', head: true });
    return [
      atMost('writes that pass', passed, ALLOWED + Math.ceil(refilled), 'writes'),
      atMost('writes that fail with another status than 429', odd, 0, 'writes'),
      holds('10,000 rows in one request are refused', bulk.status === 413, `status ${bulk.status}`),
      holds(`an import of ${BOMB} servers is refused`, imported.status === 400, `status ${imported.status}`),
      atMost('servers that stay', left.count ?? -1, 0, 'servers'),
    ];
  },
};
