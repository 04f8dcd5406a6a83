import { invoke, personalWorkspace, serviceClient } from '../../support/rest-api.ts';
import type { Attack } from '../attack.ts';
import { atMost, holds } from '../finding.ts';

const ALLOWED = 3;
const TRIES = 6;

export const attack: Attack = {
  name: 'conversations that are deleted to begin more of them',
  async run(arena) {
    const person = await arena.tenant('deleting');
    await serviceClient()
      .from('limits')
      .insert({ name: 'sessions_per_day_per_user', user_id: person.id, allowed: ALLOWED })
      .throwOnError();
    const workspaceIds = [await personalWorkspace(person)];
    const { client } = person;
    let begun = 0;
    const refused: Record<string, unknown>[] = [];
    for (let tried = 0; tried < TRIES; tried += 1) {
      // Another workspace has its own count, but the user is the same.
      const workspaceId = workspaceIds[tried % workspaceIds.length];
      const { status, body } = await invoke(person, 'voice-token', { workspace_id: workspaceId });
      if (status === 200) begun += 1;
      else refused.push(body);
      // Only ended conversations can be deleted.
      const { data: open } = await client.from('voice_sessions').select('id').throwOnError();
      for (const id of open.map((one) => String(one.id)))
        await client.rpc('end_conversation', { p_session_id: id }).throwOnError();
      await client.from('voice_sessions').delete().not('id', 'is', null).throwOnError();
      const name = `Another ${tried}`;
      await client.from('workspaces').insert({ name }).throwOnError();
      const { data } = await client.from('workspaces').select('id').eq('name', name).single<{ id: string }>();
      if (data) workspaceIds.push(data.id);
    }
    const left = await client.from('voice_sessions').select('id', { count: 'exact', head: true });
    return [
      atMost('conversations that begin', begun, ALLOWED, 'conversations'),
      atMost('conversations that stay', left.count ?? -1, 0, 'conversations'),
      holds(
        'the others are refused with the time to retry',
        refused.length > 0 &&
          refused.every(({ code, retry_after_s }) => code === 'limit_reached' && Number(retry_after_s) > 0),
      ),
    ];
  },
};
