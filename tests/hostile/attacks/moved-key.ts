import postgres from 'postgres';
import { invoke } from '../../support/rest-api.ts';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';

const KEY = 'sk-of-another-tenant';
const ROUNDS = 10;
const PROBE_MS = 6_000;

export const attack: Attack = {
  name: 'a shared key, at another path of its host',
  async run(arena) {
    const withKey: string[] = [];
    const server = await arena.server(({ http }) => {
      if (http.headers['x-api-key'] === KEY) withKey.push(http.url ?? '');
      return false;
    });
    const { origin } = new URL(server.url);
    const [own, other] = [`${origin}/tenant/mcp`, `${origin}/attacker/mcp`];
    const person = await arena.tenant('moved');
    const id = await arena.addServer(person, 'moved', own);
    const move = (url: string) =>
      person.client.from('mcp_servers').update({ url }).eq('id', id).throwOnError();
    const use = () => invoke(person, 'test-connection', { server_id: id });
    // Without a usable key, the monitor sends no request and stores no health check.
    const useAll = () => Promise.all([use(), arena.monitor.probe(id, PROBE_MS).catch(() => null)]);

    await person.client.from('mcp_servers').update({ auth_method: 'api_key' }).eq('id', id).throwOnError();
    await invoke(person, 'server-credential', { server_id: id, credential: KEY });
    await use();
    const isUsed = withKey.length > 0;
    for (let round = 0; round < ROUNDS; round += 1)
      await Promise.all([use(), move(round % 2 === 0 ? other : own), use()]);
    await move(other);
    await useAll();
    // Simulates an attacker who can write to the database, past all triggers.
    const sql = postgres(arena.stack.database_url ?? '', { max: 1, onnotice: () => undefined });
    arena.defer(() => sql.end());
    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`update public.mcp_servers set url = ${other}, credential_held_since = null where id = ${id}`;
      await tx`update public.mcp_server_secrets set address = ${other} where server_id = ${id}`;
    });
    await useAll();
    const stolen = withKey.filter((path) => path.startsWith('/attacker')).length;
    return [
      holds('the key is used at its own path', isUsed),
      atMost('requests with the key at the other path', stolen, 0, 'requests'),
    ];
  },
};
