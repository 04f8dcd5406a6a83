import { createServer } from 'node:http';
import { endServer, listenOnLoopback } from '../../support/servers/listen.ts';
import { invoke, personalWorkspace } from '../../support/rest-api.ts';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';

const WORKSPACES = 12;
const TESTS = 120;
const MOST_WAIT_S = 10;

export const attack: Attack = {
  name: `${TESTS} tests of ${WORKSPACES} webhooks whose receivers hang`,
  async run(arena) {
    let hanging = 0;
    let arrivedAtMs: number | null = null;
    const receiver = createServer((request, response) => {
      if (request.url === '/hanging') {
        hanging += 1;
        return;
      }
      arrivedAtMs ??= Date.now();
      response.writeHead(204).end();
    });
    const url = await listenOnLoopback(receiver);
    arena.defer(() => endServer(receiver));

    const [person, other] = [await arena.tenant('hooking'), await arena.tenant('hooked')];
    const names = Array.from({ length: WORKSPACES - 1 }, (_, n) => ({ name: `Hooks ${n}` }));
    await person.client.from('workspaces').insert(names).throwOnError();
    const { data } = await person.client.from('workspaces').select('id');
    const ids = (data ?? []).map(({ id }) => String(id));
    const set = (workspace_id: string) =>
      invoke(person, 'notice-webhook', { workspace_id, url: `${url}/hanging` });
    await Promise.all(ids.map(set));
    const otherId = await personalWorkspace(other);
    await invoke(other, 'notice-webhook', { workspace_id: otherId, url: `${url}/other` });
    arena.defer(async () => other.client.from('notice_webhooks').delete().not('id', 'is', null));
    arena.defer(async () => person.client.from('notice_webhooks').delete().not('id', 'is', null));

    const statuses: number[] = [];
    for (let sent = 0; sent < TESTS; sent += WORKSPACES) {
      const answers = await Promise.all(
        ids.map((workspace_id) => invoke(person, 'notice-webhook', { workspace_id, test: true })),
      );
      statuses.push(...answers.map(({ status }) => status));
    }
    const askedAtMs = Date.now();
    await invoke(other, 'notice-webhook', { workspace_id: otherId, test: true });
    while (arrivedAtMs === null && Date.now() - askedAtMs < MOST_WAIT_S * 1_000)
      await new Promise((resolve) => setTimeout(resolve, 50));
    const waitedS = ((arrivedAtMs ?? Infinity) - askedAtMs) / 1_000;
    const queued = await person.client
      .from('webhook_deliveries')
      .select('id', { count: 'exact', head: true })
      .eq('state', 'waiting');
    return [
      holds('the monitor is busy with them', hanging > 0, `${hanging} deliveries`),
      atMost("another tenant's message arrives within", waitedS, MOST_WAIT_S, 's'),
      atMost('tests that wait', queued.count ?? -1, WORKSPACES, 'tests'),
      holds(
        'the others are refused',
        statuses.filter((status) => status !== 200).length >= TESTS - 3 * WORKSPACES,
      ),
    ];
  },
};
